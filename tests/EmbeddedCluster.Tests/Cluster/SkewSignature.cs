using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>
/// What cilium/cilium#14268 looks like in a report, whatever the placement. Each run has one phase that begins without
/// load and ends drained, so that all counts are exact.
/// </summary>
internal static class SkewSignature
{
    /// <summary>
    /// Shorter than Cilium's default of 1 s, so that a run drains sooner; what fails does not depend on it.
    /// </summary>
    public static readonly (string, string) ShortTimeout = ("proxy-connect-timeout", "200ms");

    /// <summary>Both policies, then one phase.</summary>
    public static readonly OriginalReportScenario BothPolicies = new()
    {
        Steps =
        [
            OriginalReportScenario.ApplyBackend,
            OriginalReportScenario.ApplyLoadTest,
            OriginalReportScenario.Phase("observe", 2.5),
        ],
    };

    /// <summary>
    /// The signature of cilium/cilium#14268 for a placement: exact counts, and shares that chance explains.
    /// </summary>
    public static void ShouldFollowPlacement(RunReport report, int remotePods, int localPods)
    {
        var phase = report.Phases.ShouldHaveSingleItem();
        phase.Pods.Count(p => p.OnClientNode).ShouldBe(localPods);
        phase.Pods.Count(p => !p.OnClientNode).ShouldBe(remotePods);
        // All successes come from the client's node; every failure is a 503.
        phase.Unanswered.ShouldBeEmpty();
        phase.ByStatus.Keys.Except([200, 503]).ShouldBeEmpty();
        phase.Pods.ShouldAllBe(p => p.Failed == 0);
        foreach (var local in phase.Pods.Where(p => p.OnClientNode))
        {
            // Two proxies on one node: every request and every answer counts twice.
            local.Echo.ShouldBeGreaterThan(0);
            local.HubbleRequests.ShouldBe(2 * local.Echo);
            local.HubbleOk.ShouldBe(2 * local.Echo);
            local.HubbleServerErrors.ShouldBe(0);
        }
        foreach (var remote in phase.Pods.Where(p => !p.OnClientNode))
        {
            // The client-side proxy alone: the request counts once and so does its 503; the pod itself sees nothing.
            remote.Ok.ShouldBe(0);
            remote.Echo.ShouldBe(0);
            remote.HubbleOk.ShouldBe(0);
            remote.HubbleServerErrors.ShouldBeGreaterThan(0);
            remote.HubbleRequests.ShouldBe(remote.HubbleServerErrors);
        }
        ShouldReconcile(report);
        var requests = report
            .Reconciliation.Single(r => r.What.Contains("records received", StringComparison.Ordinal))
            .LeftCount;
        requests.ShouldBeGreaterThan(200);
        var failures = report
            .Reconciliation.Single(r =>
                r.What.Contains("503", StringComparison.Ordinal) && r.Left.Contains("client", StringComparison.Ordinal)
            )
            .LeftCount;
        failures.ShouldBe(phase.Pods.Sum(p => p.HubbleServerErrors));
        (failures + phase.Pods.Sum(p => p.Echo)).ShouldBe(requests);
        ShouldBeShare(failures, requests, (double)remotePods / (remotePods + localPods));
        foreach (var pod in phase.Pods)
            ShouldBeShare(pod.Echo + pod.HubbleServerErrors, requests, 1.0 / phase.Pods.Length);
        report.Diagnosis.Name.ShouldBe("two-sided-l7");
        report.Diagnosis.Sentence.ShouldContain(report.ClientNode);
    }

    /// <summary>
    /// Fails for a count that is this far off by chance once in a million; a suite has some hundred of them. A port
    /// that is drawn again repeats its choice: n requests on P ports are worth n / (1 + (n − 1) / P) choices, by the
    /// variance of their sum, whose count is binomial.
    /// </summary>
    private static void ShouldBeShare(double count, double of, double expected)
    {
        const double Chance = 1e-6;
        if (expected >= 1)
        {
            count.ShouldBe(of);
            return;
        }
        var choices = of / (1 + (of - 1) / ClientPortRange.RandomOdd.Count);
        var chosen = count / of * choices;
        // P(X ≥ k) = I_p(k, n − k + 1), P(X ≤ k) = 1 − I_p(k + 1, n − k)
        var logTail =
            chosen > expected * choices
                ? SpecialFunctions.LogBetaLower(expected, chosen, choices - chosen + 1)
                : SpecialFunctions.LogBetaUpper(expected, chosen + 1, choices - chosen);
        logTail.ShouldBeGreaterThan(Math.Log(Chance / 2), $"{count} of {of} requests, expected a share of {expected}");
    }

    /// <summary>All views agree exactly.</summary>
    public static void ShouldReconcile(RunReport report)
    {
        report.Reconciliation.Where(r => r.Difference != 0).ShouldBeEmpty();
        report.Reconciles.ShouldBeTrue();
    }
}
