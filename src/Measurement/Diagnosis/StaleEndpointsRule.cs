using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using static CiliumDebugging.Measurement.Diagnosis.Shares;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>
/// siderolabs/talos#12802: an EndpointSlice that something else than the Service's selector maintains has addresses of
/// Pods that are gone. Each node chooses every address alike, so that such an address gets the share of a Pod, and
/// answers nothing.
/// </summary>
public sealed class StaleEndpointsRule : IDiagnosisRule
{
    public DiagnosisResult? Examine(Evidence evidence)
    {
        var (phase, addresses) = (evidence.Phase, evidence.UnknownAddresses);
        if (
            addresses.IsEmpty
            || phase.Requests < Enough
            || evidence.Service.ClientIpAffinity
            // Where only some Pods are to be chosen, these addresses are not.
            || phase.Pods.Any(p => Math.Abs(Expected(phase, p) * phase.Pods.Length - 1) > 1e-6)
        )
            return null;
        var unanswered = phase.Unanswered.Values.Sum();
        var share = Proportion.Interval(unanswered, phase.Requests, VerdictOptions.Default.ErrorProbability);
        var expected = (double)addresses.Count / (addresses.Count + phase.Pods.Length);
        if (
            unanswered == 0
            || unanswered != phase.Failures
            || unanswered + phase.Pods.Sum(Answers) != phase.Requests
            || !share.Contains(expected)
            || AreSkewed(phase.Pods, Answers)
        )
            return null;
        var slices = addresses.Values.Distinct(StringComparer.Ordinal).ToImmutableArray();
        return Named(
            "stale-endpoints",
            $"EndpointSlice {Names(slices)} gives the Service {addresses.Count} "
                + $"{(addresses.Count == 1 ? "address" : "addresses")} that no running pod has: {unanswered} of "
                + $"{phase.Requests} requests are sent there and get no answer; the {phase.Pods.Length} pods share the "
                + "others without skew.",
            "the Service's EndpointSlices",
            [
                $"ready addresses without a running pod: {Names(addresses.Keys)}",
                $"{100 * share.Estimate:0.#} % of the requests get no answer; {addresses.Count} of "
                    + $"{addresses.Count + phase.Pods.Length} endpoints are {100 * expected:0.#} %",
                "no other failure",
            ],
            [
                "an answer from one of these addresses",
                "the same failures after the addresses were taken out of the EndpointSlice",
            ],
            [
                "kubectl get endpointslices -l kubernetes.io/service-name=SERVICE -o yaml: delete the addresses, or the "
                    + "EndpointSlice if nothing maintains it",
                "the controller or script that wrote it (label endpointslice.kubernetes.io/managed-by): why it did not "
                    + "remove them",
                "a Service without a selector for endpoints that are not its pods",
            ],
            "https://github.com/siderolabs/talos/issues/12802",
            "https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#management"
        );
    }
}
