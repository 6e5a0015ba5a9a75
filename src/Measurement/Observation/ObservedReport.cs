using System.Collections.Immutable;
using System.Globalization;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Observation;

/// <summary>What is said of an observed Service.</summary>
/// <param name="Report">For the files: as of a run, without load.</param>
/// <param name="View">The view the verdicts come from.</param>
/// <param name="Skewed">Selection or delivery is called skewed, or was since observing began.</param>
/// <param name="Decided">The gate passes, and selection and delivery are both called even or one of them skewed.</param>
public sealed record ObservedResult(RunReport Report, TargetKind View, bool Skewed, bool Decided);

/// <summary>From what was observed to a report.</summary>
public static class ObservedReport
{
    /// <summary>Hubble must have seen this part of what reached the Pods; with less there are clients without an HTTP rule on their way.</summary>
    private const double MinSeenByHubble = 0.9;

    /// <summary>Unanswered requests beyond this part are more than what is in flight when a scrape is taken.</summary>
    private const double InFlight = 0.02;

    /// <summary>The state of affairs.</summary>
    /// <param name="observer">What was observed.</param>
    /// <param name="source">Where the counters come from, one line.</param>
    /// <param name="startedAt">When observing began.</param>
    public static ObservedResult Of(ServiceObserver observer, string source, DateTimeOffset startedAt)
    {
        ArgumentNullException.ThrowIfNull(observer);
        var (service, hubble, backends) = (observer.Service, observer.Hubble, observer.Backends);
        var totals = hubble.Totals.Concat(backends.Totals).ToDictionary(t => t.Key, t => t.Value);
        var traffic = ServiceTraffic.Of(totals, service);
        var (view, findings) = Choose(observer, traffic);
        var withheld = findings.Where(f => f.Fails).Select(f => f.Text).ToList();
        var phase = Phase(observer, view, traffic, withheld.Count > 0 ? string.Join("; ", withheld) : null);
        var diagnosis =
            withheld.Count > 0 ? DiagnosisResult.Unknown("no verdict without sound counters")
            : view.Kind is TargetKind.Hubble ? ObservedDiagnosis.Of(observer, traffic, phase)
            : DiagnosisResult.Unknown(
                $"only the pods' own counters are there, which say what reached them ({phase.Delivery.Successes.Kind.ToString().ToLowerInvariant()}), not what became of it"
            );
        phase = phase with { Diagnosis = diagnosis };
        var status =
            withheld.Count > 0
                ? view.Delivery.Status() with
                {
                    State = VerdictKind.Undecided,
                    Episodes = [],
                }
                : view.Delivery.Status();
        var main = traffic.Clients.MaxBy(c => c.Chosen.Sum())?.Node ?? "";
        var clients = service
            .Clients.Where(c => c.Value.Node == main)
            .Select(c => c.Key)
            .Order(StringComparer.Ordinal)
            .ToList();
        var skewed =
            withheld.Count == 0
            && (
                phase.Selection.Kind is VerdictKind.Skewed
                || phase.Delivery.Successes.Kind is VerdictKind.Skewed
                || view.Delivery.Status().EpisodesTotal > 0
                || view.Selection.Status().EpisodesTotal > 0
            );
        var report = new RunReport(
            $"observe-{service.Namespace}-{service.Name}",
            $"Service {service.Namespace}/{service.Name} as observed",
            "",
            view.Covered.Seconds > 0 ? phase.Requests / view.Covered.Seconds : 0,
            clients.Count == 0 ? "unknown clients"
                : clients.Count == 1 ? clients[0]
                : F($"{clients[0]} and {clients.Count - 1} more"),
            main,
            [phase],
            status,
            diagnosis,
            Reconciliation(observer, traffic),
            Expectations(phase, withheld),
            service.Settings
        )
        {
            Quality = findings,
            Details = new RunDetails(
                startedAt,
                RunEnvironment.Current,
                service.CiliumVersion,
                "",
                "",
                [F($"observe {service.Namespace}/{service.Name} for {observer.Phase.Last:0} s: {source}")],
                [.. observer.Events],
                observer.Series.Samples,
                observer.Series.IntervalSeconds,
                observer.Series.Missed
            ),
        };
        return new ObservedResult(
            report,
            view.Kind,
            skewed,
            withheld.Count == 0
                && (
                    skewed
                    || (phase.Selection.Kind, phase.Delivery.Successes.Kind) is (VerdictKind.Even, VerdictKind.Even)
                )
        );
    }

    private static (ObservedView View, ImmutableArray<QualityFinding> Findings) Choose(
        ServiceObserver observer,
        ServiceTraffic traffic
    )
    {
        var (ofHubble, ofBackends) = (
            QualityGate.Check(observer.Hubble, observer.Service),
            QualityGate.Check(observer.Backends, observer.Service)
        );
        var (seen, reached) = (traffic.Clients.Sum(c => c.Ok.Sum() + c.Failed.Sum()), traffic.Reached.Sum());
        var covered =
            observer.Backends.Covered.Seconds > 0
                ? observer.Hubble.Covered.Seconds / observer.Backends.Covered.Seconds
                : 0;
        var partly = seen < MinSeenByHubble * reached * covered;
        var hubbleIsSound = traffic.Clients.Length > 0 && !ofHubble.Any(f => f is { Fails: true, Early: false });
        var backendsAreSound = reached > 0 && !ofBackends.Any(f => f.Fails);
        var common = new List<QualityFinding>();
        var nothing = traffic.Clients.Length == 0 && reached == 0;
        if (nothing && !ofHubble.Concat(ofBackends).Any(f => f.Fails))
            common.Add(new(true, "no request to the Service was counted"));
        if (observer.Service.Facts.ClientIpAffinity)
            common.Add(
                new(
                    false,
                    "sessionAffinity: ClientIP: connections of one client are no independent choices, so no error probability is given"
                )
            );
        var unused =
            observer.Backends.Differences.Targets.Count == 0
                ? []
                : ofBackends.Where(f => f.Fails).Select(f => f with { Fails = false, Text = $"not used: {f.Text}" });
        if (hubbleIsSound && !partly || !backendsAreSound && (nothing || traffic.Clients.Length > 0))
        {
            if (partly)
                common.Add(
                    new(
                        true,
                        F(
                            $"Hubble saw only {100 * seen / Math.Max(reached * covered, 1):0} % of what reached the pods: some clients have no HTTP rule on their way"
                        )
                    )
                );
            return (observer.Hubble, [.. common, .. ofHubble, .. unused]);
        }
        if (backendsAreSound)
            common.Add(
                new(
                    false,
                    "seen by the pods' own counters alone: a request that failed before it reached a pod, and how any of them ended, is not known"
                )
            );
        return (
            observer.Backends,
            [
                .. common,
                .. ofBackends,
                .. ofHubble.Where(f => f.Fails).Select(f => f with { Fails = false, Text = $"not used: {f.Text}" }),
            ]
        );
    }

    private static PhaseReport Phase(
        ServiceObserver observer,
        ObservedView view,
        ServiceTraffic traffic,
        string? withheld
    )
    {
        var (service, options) = (observer.Service, observer.Options);
        var unit = service.Facts.ClientIpAffinity ? SelectionUnit.Unknown : SelectionUnit.FreshSelection;
        // An alarm stands until recovery, although the phase as a whole may still look even.
        Verdict Judged(Verdict verdict, AsymptoticMonitor? monitor = null) =>
            withheld is null
                ? monitor?.State is VerdictKind.Skewed
                    ? verdict with
                    {
                        Kind = VerdictKind.Skewed,
                        FurtherConnections = 0,
                    }
                    : verdict
                : verdict with
                {
                    Kind = VerdictKind.Undecided,
                    ErrorProbability = null,
                    FurtherConnections = null,
                    Withheld = withheld,
                };
        var fromHubble = view.Kind is TargetKind.Hubble;
        var main = traffic.Clients.MaxBy(c => c.Chosen.Sum())?.Node;
        double Sum(Func<ClientTraffic, double[]> what, int pod) => traffic.Clients.Sum(c => what(c)[pod]);
        double Raw(int pod, CounterKind kind, Func<int, bool> status) =>
            view
                .Totals.Where(t =>
                    t.Key.Kind == kind && t.Key.Pod == service.Endpoints[pod].Pod.HubbleName && status(t.Key.Status)
                )
                .Sum(t => t.Value);
        var pods = service
            .Endpoints.Select(
                (e, i) =>
                    new PodPhase(
                        e.Pod,
                        fromHubble && e.Pod.Node == main,
                        (long)Math.Round(fromHubble ? Sum(c => c.Ok, i) : traffic.Reached[i]),
                        (long)Math.Round(fromHubble ? Sum(c => c.Failed, i) : 0),
                        Raw(i, CounterKind.Requests, _ => true),
                        Raw(i, CounterKind.Responses, s => s is >= 200 and < 300),
                        Raw(i, CounterKind.Responses, s => s >= 500),
                        traffic.Reached[i]
                    )
                    {
                        ClientProxyErrors = fromHubble ? Sum(c => c.ProxyErrors, i) : 0,
                    }
            )
            .ToImmutableArray();
        var success = view.Success;
        var rates = pods.Select(
            (p, i) =>
                new BackendDelivery(
                    p.Pod.Name,
                    p.Ok,
                    p.Failed,
                    fromHubble
                        ? success[i].Interval(options.ErrorProbability / Math.Max(1, pods.Length))
                        : new ShareInterval(double.NaN, 0, 1)
                )
        );
        var delivery = new Delivery(
            Judged(view.Delivery.Shares.Verdict(options, unit), view.Delivery),
            [.. rates],
            fromHubble ? view.Overall.Interval(options.ErrorProbability) : new ShareInterval(double.NaN, 0, 1),
            0,
            0
        );
        var phase = new PhaseReport(
            observer.Phases == 1 ? "observed" : F($"observed, {observer.Phases}"),
            view.Covered.Seconds,
            pods.Sum(p => p.Ok),
            ImmutableSortedDictionary<int, long>.Empty,
            ImmutableSortedDictionary<string, long>.Empty,
            pods,
            Judged(view.Selection.Shares.Verdict(options, unit), view.Selection),
            fromHubble ? "Hubble" : "backends",
            delivery
        )
        {
            Start = observer.Phase.Start,
            StatusUnknown = !fromHubble,
            ClientNodes =
            [
                .. view.Rows.Select(r => new ClientNodeRow(
                    r.Key.Length > 0 ? r.Key : "(outside)",
                    new BackendCounts([.. r.Value.Counts.Select(c => (long)Math.Round(c))], 0),
                    Judged(view.RowVerdict(r.Value, unit))
                )),
            ],
            Locality = fromHubble ? LocalityOf(traffic, service, options.ErrorProbability) : null,
        };
        if (!fromHubble)
            return phase;
        var all = new ClientTraffic("", pods.Length);
        foreach (var client in traffic.Clients)
        {
            all.Rules = (all.Rules.Egress || client.Rules.Egress, all.Rules.Ingress || client.Rules.Ingress);
            foreach (var (status, count) in client.ByStatus)
                all.ByStatus[status] = all.ByStatus.GetValueOrDefault(status) + count;
            for (var i = 0; i < pods.Length; i++)
                all.Chosen[i] += client.Chosen[i];
        }
        return WithAnswers(phase, all);
    }

    /// <summary>The phase with the answers of these clients.</summary>
    internal static PhaseReport WithAnswers(PhaseReport phase, ClientTraffic client)
    {
        var statuses = client
            .ByStatus.Where(s => Math.Round(s.Value) > 0)
            .ToImmutableSortedDictionary(s => s.Key, s => (long)Math.Round(s.Value));
        var answered = statuses.Values.Sum();
        var open =
            client.WithoutAnswer > Math.Max(10, InFlight * client.Chosen.Sum())
                ? (long)Math.Round(client.WithoutAnswer)
                : 0;
        return phase with
        {
            Requests = answered + open,
            ByStatus = statuses,
            HttpRules = (client.Rules.Egress, client.Rules.Ingress),
            Unanswered =
                open > 0
                    ? ImmutableSortedDictionary<string, long>.Empty.Add("no answer counted (denied or in flight)", open)
                    : ImmutableSortedDictionary<string, long>.Empty,
        };
    }

    private static Locality? LocalityOf(ServiceTraffic traffic, ObservedService service, double errorProbability)
    {
        double local = 0,
            all = 0,
            expected = 0;
        foreach (var client in traffic.Clients.Where(c => c.Node.Length > 0))
        {
            var weights = service.WeightsFrom(client.Node);
            for (var i = 0; i < weights.Length; i++)
            {
                all += client.Chosen[i];
                if (service.Endpoints[i].Pod.Node != client.Node)
                    continue;
                local += client.Chosen[i];
                expected += weights[i] * client.Chosen.Sum();
            }
        }
        return all <= 0
            ? null
            : new Locality(
                Proportion.Interval((long)Math.Round(local), (long)Math.Round(all), errorProbability),
                expected / all
            );
    }

    private static ImmutableArray<ReconciliationLine> Reconciliation(ServiceObserver observer, ServiceTraffic traffic)
    {
        if (traffic.Clients.Length == 0 || observer.Backends.Totals.Count == 0)
            return [];
        return
        [
            .. observer.Service.Endpoints.Select(
                (e, i) =>
                    new ReconciliationLine(
                        $"requests that reached {e.Pod.Name}",
                        "Hubble, each request once",
                        Math.Round(traffic.Clients.Sum(c => c.Ok[i] + c.Failed[i])),
                        "its own counter",
                        Math.Round(traffic.Reached[i])
                    )
                    {
                        Explanation =
                            "Scrapes are taken at different moments, so a difference of about one interval's requests means nothing. More at the pod: attempts that a proxy repeated, or clients without an HTTP rule on their way. Fewer: answers a proxy made in its name.",
                    }
            ),
        ];
    }

    private static ImmutableArray<ExpectationResult> Expectations(PhaseReport phase, List<string> withheld) =>
        [
            new(
                "the quality gate passes",
                withheld.Count == 0,
                withheld.Count == 0 ? "it does" : string.Join("; ", withheld)
            ),
            new(
                "selection is not skewed",
                phase.Selection.Kind is not VerdictKind.Skewed,
                VerdictText.Describe(phase.Selection)
            ),
            new(
                "delivery is not skewed",
                phase.Delivery.Successes.Kind is not VerdictKind.Skewed,
                VerdictText.Describe(phase.Delivery.Successes)
            ),
        ];

    private static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
