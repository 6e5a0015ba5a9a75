using CiliumDebugging.Measurement.Runs;
using static CiliumDebugging.Measurement.Diagnosis.Shares;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>
/// A Pod answers, but slowly. A slow network to its node looks the same for a Pod that is alone on another node: then
/// nothing is named.
/// </summary>
public sealed class SlowPodRule : IDiagnosisRule
{
    /// <summary>
    /// A pause of a moment, as a garbage collection or a busy processor makes it, is not a slow Pod: in a shorter
    /// phase, or among fewer answers, it moves the mean as far.
    /// </summary>
    private const double MinSeconds = 3,
        MinAnswers = 30;

    /// <summary>The Pod whose answers take at least three times as long as the median Pod's and 20 ms longer; null when
    /// there is none, when latency is not known, or when the phase is too short to tell.</summary>
    internal static PodPhase? SlowPod(PhaseReport phase)
    {
        if (phase.Seconds < MinSeconds)
            return null;
        var known = phase.Pods.Where(p => p.MeanLatencyMs > 0).OrderBy(p => p.MeanLatencyMs).ToList();
        if (known.Count < 2)
            return null;
        var (slowest, middle) = (known[^1], known[(known.Count - 1) / 2].MeanLatencyMs);
        return
            Answers(slowest) >= MinAnswers
            && slowest.MeanLatencyMs >= 3 * middle
            && slowest.MeanLatencyMs >= middle + 20
            ? slowest
            : null;
    }

    public DiagnosisResult? Examine(Evidence evidence)
    {
        var phase = evidence.Phase;
        // On kept connections a slow Pod also gets less, and then is not all there is to say.
        if (!AllSucceed(phase) || IsSkewed(phase) || RequestsAreSkewed(phase) || SlowPod(phase) is not { } slow)
            return null;
        var beside = phase.Pods.FirstOrDefault(p =>
            p != slow && p.Pod.Node == slow.Pod.Node && p.MeanLatencyMs > 0 && 3 * p.MeanLatencyMs <= slow.MeanLatencyMs
        );
        var isSilent = IsSilentAlone(evidence, slow);
        if (beside is null && !slow.OnClientNode && !isSilent)
            return null;
        var others = phase.Pods.Where(p => p != slow && p.MeanLatencyMs > 0).Average(p => p.MeanLatencyMs);
        return Named(
            "slow-pod",
            $"{slow.Pod.Name} answers slowly: {slow.MeanLatencyMs:0} ms on average, the other pods {others:0.#} "
                + "ms; every request succeeds and the load is not skewed.",
            $"{slow.Pod.Name} on {slow.Pod.Node}",
            [
                $"{Answers(slow)} answers of {slow.Pod.Name} take {slow.MeanLatencyMs:0} ms on average",
                isSilent ? Silence(slow)
                : beside is null ? "the client is on its node, so that no network between nodes is involved"
                : $"{beside.Pod.Name} on the same node takes {beside.MeanLatencyMs:0.#} ms, so that the network "
                    + "to that node is not slow",
            ],
            [
                "the same latency of the other pods on that node",
                "a latency measured in the pod itself that is as low as the others'",
            ],
            [
                "CPU limits and throttling of the pod (kubectl top pod, container_cpu_cfs_throttled_periods_total)",
                "what the pod waits for: its own dependencies, garbage collection, locks",
                "a readiness probe that fails while the pod is too slow",
            ],
            "https://kubernetes.io/docs/tasks/debug/debug-application/debug-running-pod/"
        );
    }

    /// <summary>Whether a Pod does not answer when its counters are read, while its node does: the process, not the
    /// network to the node.</summary>
    internal static bool IsSilentAlone(Evidence evidence, PodPhase pod) =>
        evidence.SilentPods.Contains(pod.Pod.HubbleName)
        && evidence.CiliumVersion is not null
        && !evidence.NodesWithoutHubble.Contains(pod.Pod.Node)
        && !evidence.DeniedPods.Contains(pod.Pod.HubbleName);

    internal static string Silence(PodPhase pod) =>
        $"{pod.Pod.Name} did not answer when its own counters were read, and the agent of {pod.Pod.Node} did";
}

/// <summary>A Pod accepts connections and does not answer: its process is stopped, or stuck.</summary>
public sealed class FrozenPodRule : IDiagnosisRule
{
    public DiagnosisResult? Examine(Evidence evidence)
    {
        var phase = evidence.Phase;
        var frozen = phase.Pods.Where(p => SlowPodRule.IsSilentAlone(evidence, p)).ToList();
        // All of them: the way to them may be what does not answer.
        if (frozen.Count == phase.Pods.Length || !AccountForFailures(phase, frozen, out var share))
            return null;
        return Named(
            "frozen-pod",
            $"{Names(frozen)} {(frozen.Count == 1 ? "does" : "do")} not answer: the Service goes on choosing "
                + $"{(frozen.Count == 1 ? "it" : "them")}, and {phase.Failures} of {phase.Requests} requests get no "
                + "answer; the other pods answer theirs.",
            Names(frozen),
            [
                .. frozen.Take(4).Select(SlowPodRule.Silence),
                $"{phase.Failures} requests without an answer, and no other failure; the share of these pods is "
                    + $"{100 * share.Estimate:0.#} % of the requests, as the Service gives them",
                "no policy denies the client these pods",
            ],
            [
                "an answer of the pod to kubectl exec or its probes",
                "requests to other pods of its node that get no answer",
            ],
            [
                "kubectl describe pod, kubectl logs --previous, kubectl exec: stopped, deadlocked or out of memory",
                "a readiness probe with a short timeout, so that the Service leaves such a pod out",
                "a liveness probe, so that it is restarted",
            ],
            "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/"
        );
    }
}
