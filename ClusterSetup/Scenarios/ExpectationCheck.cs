using System.Globalization;
using CiliumDebugging.LoadTest.Analysis;
using CiliumDebugging.LoadTest.Diagnosis;
using CiliumDebugging.LoadTest.Report;

namespace CiliumDebugging.ClusterSetup.Scenarios;

/// <summary>Holds what a phase showed against what its scenario expects.</summary>
internal static class ExpectationCheck
{
    /// <summary>Counts may differ from their expectation by this many standard errors.</summary>
    private const double StandardErrors = 4;

    public static IEnumerable<ExpectationResult> Check(PhaseExpectation expected, PhaseReport phase, DiagnosisResult diagnosis, BackendReplacement? replacement, int ports)
    {
        if (expected.Delivery is { } delivery) yield return Delivery(phase, delivery);
        if (expected.Failures is { } failures)
            yield return new ExpectationResult($"{phase.Name}: {(failures ? "requests fail" : "no request fails")}", phase.Failures > 0 == failures, $"{phase.Failures} of {phase.Requests} failed");
        if (expected.SuccessesFrom is "client-node")
        {
            var elsewhere = phase.Pods.Where(p => !p.OnClientNode).Sum(p => p.Ok);
            yield return new ExpectationResult($"{phase.Name}: every success comes from the client's node", elsewhere == 0, $"{elsewhere} of {phase.Ok} successes come from other nodes");
        }
        if (expected.SuccessesFrom is "one-pod")
        {
            var pods = phase.Pods.Where(p => p.Ok > 0).Select(p => p.Pod.Name).ToList();
            yield return new ExpectationResult($"{phase.Name}: every success comes from one pod", pods.Count == 1, $"{pods.Count} pods answer: {string.Join(", ", pods)}");
        }
        if (expected.FailureStatus is { } status)
        {
            var others = phase.Failures - phase.ByStatus.GetValueOrDefault(status);
            yield return new ExpectationResult($"{phase.Name}: every failure is a {status}", others == 0, $"{others} of {phase.Failures} failures are something else");
        }
        if (expected.FailureShare is "remote-pods") yield return FailureShare(phase);
        if (expected.NewPodShare is { } mechanism && replacement is not null) yield return NewPodShare(phase, mechanism, replacement, ports);
        if (expected.Diagnosis is { } name) yield return new ExpectationResult($"{phase.Name}: the diagnosis is {name}", diagnosis.Name == name, $"the diagnosis is {diagnosis.Name}");
    }

    private static ExpectationResult Delivery(PhaseReport phase, string expected)
    {
        var kind = phase.Delivery.Successes.Kind;
        var holds = expected switch
        {
            "even" => kind is VerdictKind.Even,
            "skewed" => kind is VerdictKind.Skewed,
            _ => kind is not VerdictKind.Skewed,
        };
        return new ExpectationResult($"{phase.Name}: delivery is {expected.Replace('-', ' ')}", holds, $"delivery is {kind.ToString().ToLowerInvariant()}");
    }

    private static ExpectationResult FailureShare(PhaseReport phase)
    {
        var share = (double)phase.Pods.Count(p => !p.OnClientNode) / phase.Pods.Length;
        var observed = phase.Requests == 0 ? 0 : (double)phase.Failures / phase.Requests;
        var allowed = StandardErrors * Math.Sqrt(share * (1 - share) / Math.Max(phase.Requests, 1));
        return new ExpectationResult(
            string.Create(CultureInfo.InvariantCulture, $"{phase.Name}: the failed share is that of the pods on other nodes, {share:P1} ± {allowed:P1}"),
            Math.Abs(observed - share) <= allowed, string.Create(CultureInfo.InvariantCulture, $"{observed:P1}"));
    }

    /// <summary>The verdict's interval, widened by the spread of an assignment that is frozen in the client's ports, must hold what the measured quantities make of the formula.</summary>
    private static ExpectationResult NewPodShare(PhaseReport phase, string mechanism, BackendReplacement replacement, int ports)
    {
        var n = phase.Pods.Length;
        var p = (double)replacement.PortsUsed / ports;
        var share = mechanism is "even" ? 1.0 / n : StaleConntrackShare.Expected(n, p, replacement.GapConnections, ports);
        var spread = mechanism is "even" ? 0 : StaleConntrackShare.FrozenSpread(share, ports);
        var observed = phase.Selection.Shares.FirstOrDefault(s => s.Backend == replacement.Added)?.Share;
        var why = mechanism is "even" ? string.Create(CultureInfo.InvariantCulture, $"1/{n}")
            : string.Create(CultureInfo.InvariantCulture, $"(1/{n})(1 − {p:0.000}·{n - 1}/{n})·e^(−{replacement.GapConnections}/{ports}) with a gap of {replacement.GapSeconds:0.00} s");
        return new ExpectationResult(
            string.Create(CultureInfo.InvariantCulture, $"{phase.Name}: the new pod {replacement.Added} is chosen with the share {share:P1} = {why}"),
            observed is { } interval && share >= interval.Lower - spread && share <= interval.Upper + spread,
            observed is { } seen ? string.Create(CultureInfo.InvariantCulture, $"{seen.Estimate:P1} [{seen.Lower:P1}–{seen.Upper:P1}, widened by {spread:P1}]") : "it is none of the phase's pods");
    }
}
