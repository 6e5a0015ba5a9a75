using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Observation;

/// <summary>What was observed since the backends last changed, as a phase of a run.</summary>
internal static class ObservedPhase
{
    /// <summary>Unanswered requests beyond this part are more than what is in flight when a scrape is taken.</summary>
    private const double InFlight = 0.02;

    /// <param name="withheld">Why no verdict is given; null when one is.</param>
    public static PhaseReport Of(ServiceObserver observer, ObservedView view, ServiceTraffic traffic, string? withheld)
    {
        var (service, options) = (observer.Service, observer.Options);
        var unit = service.Facts.ClientIpAffinity ? SelectionUnit.ClientWithAffinity : SelectionUnit.FreshSelection;
        var fromHubble = view.Kind is TargetKind.Hubble;
        var endsKnown = fromHubble && !traffic.EndsUnknown;
        var pods = fromHubble ? SeenByHubble(view, traffic, service) : SeenByBackends(view, traffic, service);
        var perPod = options.ErrorProbability / Math.Max(1, pods.Length);
        var unknown = new ShareInterval(double.NaN, 0, 1);
        var rates = view.Success.Select(s => endsKnown ? s.Interval(perPod) : unknown);
        var phase = new PhaseReport
        {
            Name = observer.Phases == 1 ? "observed" : $"observed, {observer.Phases}",
            Start = observer.Phase.Start,
            Seconds = view.Covered.Seconds,
            Requests = pods.Sum(p => p.Ok),
            StatusUnknown = !endsKnown,
            Pods = pods,
            Selection = Verdict(view.Selection),
            SelectionSource = fromHubble ? "Hubble" : "backends",
            Delivery = new Delivery(
                Verdict(view.Delivery),
                [.. pods.Zip(rates, (p, rate) => new BackendDelivery(p.Pod.Name, p.Ok, p.Failed, rate))],
                endsKnown ? view.Overall.Interval(options.ErrorProbability) : unknown,
                0,
                0
            ),
            ClientNodes = [.. view.Rows.Select(row => Row(row.Key, row.Value))],
            Locality = fromHubble ? LocalityOf(traffic, service, options.ErrorProbability) : null,
        };
        return endsKnown ? WithAnswers(phase, traffic.AllClients(pods.Length)) : phase;

        // An alarm lasts until recovery, although the phase as a whole may still look even.
        Verdict Verdict(AsymptoticMonitor monitor)
        {
            var verdict = monitor.Shares.Verdict(options, unit);
            return withheld is null && monitor.State is VerdictKind.Skewed
                ? verdict with
                {
                    Kind = VerdictKind.Skewed,
                    FurtherConnections = 0,
                }
                : verdict.Withhold(withheld);
        }

        ClientNodeRow Row(string node, AsymptoticShares shares) =>
            new(
                node,
                new BackendCounts([.. shares.Counts.Select(c => (long)Math.Round(c))], 0),
                view.RowVerdict(shares, unit)
                    .Withhold(
                        node == ClientTraffic.Unknown && service.SharesDependOnNode
                            ? "the clients' node is unknown"
                            : withheld
                    )
            );
    }

    /// <summary>The phase with the answers of these clients.</summary>
    public static PhaseReport WithAnswers(PhaseReport phase, ClientTraffic client)
    {
        var statuses = client
            .ByStatus.Where(s => s.Key != 0 && Math.Round(s.Value) > 0)
            .ToImmutableSortedDictionary(s => s.Key, s => (long)Math.Round(s.Value));
        var missing = client.WithoutAnswer;
        var open = missing > Math.Max(10, InFlight * client.Chosen.Sum()) ? (long)Math.Round(missing) : 0;
        var without = (long)Math.Round(client.ByStatus.GetValueOrDefault(0));
        (string What, long Count)[] unanswered =
        [
            ("answer without an HTTP status", without),
            ("no answer counted (denied or in flight)", open),
        ];
        return phase with
        {
            Requests = statuses.Values.Sum() + without + open,
            ByStatus = statuses,
            HttpRules = (client.Rules.Egress, client.Rules.Ingress),
            Unanswered = unanswered
                .Where(u => u.Count > 0)
                .ToImmutableSortedDictionary(u => u.What, u => u.Count, StringComparer.Ordinal),
        };
    }

    private static ImmutableArray<PodPhase> SeenByHubble(
        ObservedView view,
        ServiceTraffic traffic,
        ObservedService service
    )
    {
        var all = traffic.AllClients(service.Endpoints.Length);
        return
        [
            .. SeenByBackends(view, traffic, service)
                .Select(
                    (pod, i) =>
                        pod with
                        {
                            OnClientNode = pod.Pod.Node == traffic.BusiestNode,
                            Ok = (long)Math.Round(traffic.EndsUnknown ? all.Chosen[i] : all.Ok[i]),
                            Failed = traffic.EndsUnknown ? 0 : (long)Math.Round(all.Failed[i]),
                            ClientProxyErrors = traffic.EndsUnknown ? 0 : all.ProxyErrors[i],
                        }
                ),
        ];
    }

    private static ImmutableArray<PodPhase> SeenByBackends(
        ObservedView view,
        ServiceTraffic traffic,
        ObservedService service
    )
    {
        double Hubble(string pod, CounterKind kind, Func<int, bool> status) =>
            view.Totals.Where(t => t.Key.Kind == kind && t.Key.Pod == pod && status(t.Key.Status)).Sum(t => t.Value);
        return
        [
            .. service.Endpoints.Select(
                (e, i) =>
                    new PodPhase
                    {
                        Pod = e.Pod,
                        Ok = (long)Math.Round(traffic.Reached[i]),
                        HubbleRequests = Hubble(e.Pod.HubbleName, CounterKind.Requests, _ => true),
                        HubbleOk = Hubble(e.Pod.HubbleName, CounterKind.Responses, ResponseStatus.IsSuccess),
                        HubbleServerErrors = Hubble(e.Pod.HubbleName, CounterKind.Responses, s => s >= 500),
                        Echo = traffic.Reached[i],
                    }
            ),
        ];
    }

    private static Locality? LocalityOf(ServiceTraffic traffic, ObservedService service, double errorProbability)
    {
        double local = 0,
            all = 0,
            expected = 0;
        foreach (var client in traffic.Clients.Where(c => c.Node is { Length: > 0 }))
        {
            var weights = service.WeightsFrom(client.Node)!.Value;
            all += client.Chosen.Sum();
            for (var i = 0; i < weights.Length; i++)
            {
                if (service.Endpoints[i].Pod.Node != client.Node)
                    continue;
                local += client.Chosen[i];
                expected += weights[i] * client.Chosen.Sum();
            }
        }
        if (all <= 0)
            return null;
        var share = Proportion.Interval((long)Math.Round(local), (long)Math.Round(all), errorProbability);
        return new Locality(share, expected / all);
    }
}
