using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using static CiliumDebugging.Measurement.Diagnosis.Shares;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>An HTTP rule refuses requests: a proxy's own 403, which names no Pod and never reaches one.</summary>
public sealed class DenialRule : IDiagnosisRule
{
    public DiagnosisResult? Examine(Evidence evidence)
    {
        var phase = evidence.Phase;
        var denied = phase.ByStatus.GetValueOrDefault(403);
        if (
            denied == 0
            || phase.Failures != denied
            || phase.Pods.Any(p => p.Failed > 0)
            || !(evidence.ClientHasEgressL7 || evidence.BackendsHaveIngressL7)
        )
            return null;
        // A 403 that the application gave would have reached it; what reached the Pods beyond the successes (the
        // phase's edge) must not be able to account for them.
        if (phase.Pods.Sum(p => p.Echo) - phase.Ok > denied / 2.0)
            return null;
        var side = (evidence.ClientHasEgressL7, evidence.BackendsHaveIngressL7) switch
        {
            (true, false) => $"the egress proxy on {evidence.ClientNode}",
            (false, true) => "the ingress proxies of the backends' nodes",
            _ => "the egress or the ingress proxy",
        };
        return Named(
            "l7-denial",
            $"An HTTP rule refuses {denied} of {phase.Requests} requests with 403: no rule allows their "
                + "method, path, host or headers.",
            side,
            [
                $"{denied} answers 403 that name no pod, and no other failures",
                "the backends' counters have no room for them",
                "a policy with HTTP rules selects this path",
            ],
            ["a 403 that names a pod", "the same requests refused after the HTTP rules are removed"],
            [
                "an http rule that allows them: method and path are regular expressions matched against the "
                    + "whole string (/public matches neither /public/x nor /public?x=1)",
                "hubble observe --verdict DROPPED --protocol http: which request, which policy",
            ],
            "https://docs.cilium.io/en/stable/security/policy/language/#layer-7-examples"
        );
    }
}

/// <summary>A policy without HTTP rules denies the client some of the Pods, or all: connections to those are dropped
/// silently, and the Service goes on choosing them.</summary>
public sealed class PolicyDenialRule : IDiagnosisRule
{
    public DiagnosisResult? Examine(Evidence evidence)
    {
        var phase = evidence.Phase;
        var denied = phase.Pods.Where(p => evidence.DeniedPods.Contains(p.Pod.HubbleName)).ToList();
        if (!AccountForFailures(phase, denied, out var share) || denied.Any(p => Answers(p) > 0 || p.Echo > 0))
            return null;
        var (dropped, expected) = (phase.Failures, denied.Sum(p => Expected(phase, p)));
        return Named(
            "policy-denial",
            $"Policies do not let the client reach {Names(denied)}: the Service chooses "
                + $"{(denied.Count == 1 ? "it" : "them")} all the same, and {dropped} of {phase.Requests} "
                + "requests get no answer.",
            "policy enforcement on the client's and the pods' nodes",
            [
                $"no rule of the policies allows the client the port of {Names(denied)}",
                $"{dropped} requests without an answer, {100 * share.Estimate:0.#} % (the share of "
                    + $"{(denied.Count == 1 ? "that pod is" : "those pods is")} {100 * expected:0.#} %)",
                $"no request reached {(denied.Count == 1 ? "it" : "them")}",
            ],
            [
                $"an answer of {Names(denied)} to this client",
                "the same requests without an answer after the policies are removed",
            ],
            [
                "a policy whose endpointSelector and peers cover all pods of the Service",
                "hubble observe --verdict DROPPED: which connection, which policy",
            ],
            "https://docs.cilium.io/en/stable/security/policy/intro/"
        );
    }
}

/// <summary>
/// cilium/cilium#5403: a proxy repeats requests that a Pod answered with 5xx, so that the Pod gets several times what
/// the client sent.
/// </summary>
public sealed class RetryAmplificationRule : IDiagnosisRule
{
    /// <summary>A Pod must get at least this many times the requests that ended at it.</summary>
    private const double Amplified = 1.5;

    public DiagnosisResult? Examine(Evidence evidence)
    {
        var phase = evidence.Phase;
        if (!(evidence.ClientHasEgressL7 || evidence.BackendsHaveIngressL7))
            return null;
        var failing = phase.Pods.Where(p => p.Failed > 0).ToList();
        var failures = failing.Sum(p => p.Failed);
        if (failing.Count == 0 || failures < Enough || phase.Failures != failures || phase.ServerErrors != failures)
            return null;
        // Counters are read a moment later than the last record counts. Pods that do not fail show how much that is;
        // more than a quarter is something else.
        var edge = phase
            .Pods.Where(p => p.Failed == 0 && p.Ok > 0)
            .Select(p => Math.Abs(p.Echo - p.Ok) / p.Ok)
            .DefaultIfEmpty(0)
            .Max();
        double Attempts(PodPhase pod) => (pod.Echo - pod.Ok * (1 + edge)) / pod.Failed;
        if (edge > 0.25 || failing.Any(p => Attempts(p) < Amplified))
            return null;
        var attempts = failing.Sum(p => Attempts(p) * p.Failed) / failures;
        var proxies = evidence.ClientHasEgressL7 && evidence.BackendsHaveIngressL7 ? 2 : 1;
        // Up to four attempts a proxy: more is something else.
        if (attempts > Math.Pow(4, proxies) * 1.25)
            return null;
        return Named(
            "retry-amplification",
            $"A proxy repeats requests that {Names(failing)} answered with 5xx: {attempts:0.0} attempts reach "
                + $"{(failing.Count == 1 ? "it" : "them")} for each of the {failures} failures the client sees.",
            proxies == 2 ? "the proxies on both sides"
                : evidence.ClientHasEgressL7 ? $"the egress proxy on {evidence.ClientNode}"
                : "the ingress proxy of the pod's node",
            [
                $"{failing.Sum(p => p.Echo):0} requests reached {Names(failing)}, the client has "
                    + $"{failing.Sum(Answers)} answers of it",
                "pods that do not fail count the client's answers",
                "HTTP rules put a proxy on the path",
            ],
            ["as many requests at the pod as the client has answers", "the same factor without HTTP rules"],
            [
                "http-retry-count: \"0\" where requests must not be repeated (POST is repeated, too)",
                "answer 4xx instead of 5xx where a repetition cannot help",
                "repair the 5xx first: the amplified load is its consequence",
            ],
            "https://github.com/cilium/cilium/issues/5403",
            "https://github.com/cilium/cilium/issues/21814"
        );
    }
}
