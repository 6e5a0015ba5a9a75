using System.Collections.Immutable;
using System.Globalization;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Measurement.Observation;

/// <summary>Whether the verdicts come from Hubble's counts or the backends' own.</summary>
internal static class CountsChoice
{
    /// <summary>Hubble must have seen this part of what reached the Pods; with less, some clients' traffic passes no
    /// HTTP rule.</summary>
    private const double MinSeenByHubble = 0.9;

    public static (ObservedView View, ImmutableArray<QualityFinding> Findings) Of(
        ServiceObserver observer,
        ServiceTraffic traffic
    )
    {
        var (hubble, backends, service) = (observer.Hubble, observer.Backends, observer.Service);
        var (ofHubble, ofBackends) = (QualityGate.Check(hubble, service), QualityGate.Check(backends, service));
        var seen = traffic.Clients.Sum(c => traffic.EndsUnknown ? c.Chosen.Sum() : c.Ok.Sum() + c.Failed.Sum());
        var reached = traffic.Reached.Sum();
        var covered = backends.Covered.Seconds > 0 ? hubble.Covered.Seconds / backends.Covered.Seconds : 0;
        var partly = seen < MinSeenByHubble * reached * covered;
        var hubbleSees = traffic.Clients.Length > 0;
        var nothing = !hubbleSees && reached == 0;
        var hubbleIsSound = hubbleSees && !ofHubble.Any(f => f is { Fails: true, Early: false });
        var backendsAreSound = reached > 0 && !ofBackends.Any(f => f.Fails);

        // With nothing counted, what the counters lack may be the reason.
        List<QualityFinding> common = [.. observer.Notes.Select(n => new QualityFinding(nothing, n))];
        if (nothing && common.Count == 0 && !ofHubble.Any(f => f is { Fails: true, Early: false }))
            common.Add(new(true, NoRequest(observer)) { Early = true });
        common.AddRange(service.Notes.Select(n => new QualityFinding(false, n)));
        if (traffic.EndsUnknown)
            common.Add(new(false, $"how requests ended is unknown: {Why(hubble, traffic)}"));
        else if (traffic.Clients.Length > 0 && traffic.Clients.Sum(c => c.Chosen.Sum()) == 0)
            common.Add(
                new(
                    false,
                    "which pods were chosen is unknown: Hubble counted responses and not one request. "
                        + "hubble_http_requests_total is missing or does not name the pods"
                )
            );
        if (service.Facts.ClientIpAffinity)
            common.Add(
                new(
                    false,
                    "sessionAffinity: ClientIP: a client's connections are not independent, so no error "
                        + "bound is given"
                )
            );
        var answersNothing = traffic.EndsUnknown && backendsAreSound;
        if (hubbleIsSound && !partly && !answersNothing || !backendsAreSound && (nothing || hubbleSees))
        {
            var percent = 100 * seen / Math.Max(reached * covered, 1);
            if (partly)
                common.Add(
                    new(
                        true,
                        $"Hubble saw only {percent:0} % of what reached the pods: some clients have no HTTP "
                            + "rule on their path"
                    )
                );
            return (
                hubble,
                [.. common, .. ofHubble, .. backends.Differences.Targets.Count == 0 ? [] : Unused(ofBackends, ofHubble)]
            );
        }
        if (backendsAreSound)
            common.Add(
                new(
                    false,
                    "only the backend counts are used: requests that failed on the way and how requests "
                        + "ended are unknown"
                )
            );
        return (backends, [.. common, .. ofBackends, .. Unused(ofHubble, ofBackends)]);
    }

    private static string Why(ObservedView hubble, ServiceTraffic traffic)
    {
        if (!traffic.LacksStatus)
            return "Hubble counted requests and not one response. They were denied, or "
                + "hubble_http_responses_total is missing or does not name the pods";
        var nodes = hubble
            .Totals.Keys.Where(k => k is { Kind: CounterKind.Responses, Status: HubbleHttpSample.UnknownStatus })
            .Select(k => k.Target.Name)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);
        return $"hubble_http_responses_total has no label status on {QualityGate.Named(nodes)}: do not drop it when "
            + "metrics are relabelled";
    }

    private static string NoRequest(ServiceObserver observer)
    {
        var (service, seconds) = (observer.Service, observer.Phase.Last - observer.Phase.Start);
        var nothing = $"{service.Namespace}/{service.Name} got no request in ";
        return nothing
            + seconds.ToString("0", CultureInfo.InvariantCulture)
            + " s. Send traffic, or make it count: Hubble counts HTTP requests where an HTTP rule is on their "
            + "path, pods with a counter of their own";
    }

    /// <summary>What kept a source from being used does not forbid the verdict of the other.</summary>
    private static IEnumerable<QualityFinding> Unused(
        ImmutableArray<QualityFinding> findings,
        ImmutableArray<QualityFinding> used
    ) =>
        findings
            // What is too early for both is said once.
            .Where(f => f.Fails && !used.Any(u => u.Fails && (u.Text == f.Text || (u.Early && f.Early))))
            .Select(f => f with { Fails = false, Text = $"not used: {f.Text}" });
}
