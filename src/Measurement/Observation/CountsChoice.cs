using System.Collections.Immutable;
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
        var (seen, reached) = (traffic.Clients.Sum(c => c.Ok.Sum() + c.Failed.Sum()), traffic.Reached.Sum());
        var covered = backends.Covered.Seconds > 0 ? hubble.Covered.Seconds / backends.Covered.Seconds : 0;
        var partly = seen < MinSeenByHubble * reached * covered;
        var hubbleSees = traffic.Clients.Length > 0;
        var nothing = !hubbleSees && reached == 0;
        var hubbleIsSound = hubbleSees && !ofHubble.Any(f => f is { Fails: true, Early: false });
        var backendsAreSound = reached > 0 && !ofBackends.Any(f => f.Fails);

        List<QualityFinding> common = [];
        if (nothing && !ofHubble.Concat(ofBackends).Any(f => f.Fails))
            common.Add(new(true, "no request to the Service was counted"));
        if (service.Facts.ClientIpAffinity)
            common.Add(
                new(
                    false,
                    "sessionAffinity: ClientIP: a client's connections are not independent, so no error "
                        + "bound is given"
                )
            );
        if (hubbleIsSound && !partly || !backendsAreSound && (nothing || hubbleSees))
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
                [.. common, .. ofHubble, .. backends.Differences.Targets.Count == 0 ? [] : Unused(ofBackends)]
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
        return (backends, [.. common, .. ofBackends, .. Unused(ofHubble)]);
    }

    /// <summary>What kept a source from being used does not forbid the verdict of the other.</summary>
    private static IEnumerable<QualityFinding> Unused(ImmutableArray<QualityFinding> findings) =>
        findings.Where(f => f.Fails).Select(f => f with { Fails = false, Text = $"not used: {f.Text}" });
}
