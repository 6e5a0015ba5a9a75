using System.Globalization;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Running;

/// <summary>Holds what a phase showed against what its scenario expects.</summary>
internal static class ExpectationCheck
{
    /// <summary>Counts may differ from their expectation by this many standard errors.</summary>
    private const double StandardErrors = 4;

    /// <summary>Requests under way when a phase begins and ends.</summary>
    private const int RequestsAtEdges = 3;

    /// <param name="expected">What the phase is expected to show.</param>
    /// <param name="phase">What it showed.</param>
    /// <param name="diagnosis">Its diagnosis.</param>
    /// <param name="replacement">The Pod that was replaced just before it; null when there was none.</param>
    /// <param name="load">The load.</param>
    /// <param name="view">The Service and its Pods at the phase's end.</param>
    public static IEnumerable<ExpectationResult> Check(
        PhaseExpectation expected,
        PhaseReport phase,
        DiagnosisResult diagnosis,
        BackendReplacement? replacement,
        LoadSpec load,
        ServiceReader view
    )
    {
        if (expected.Delivery is { } delivery)
            yield return Delivery(phase, delivery);
        if (expected.Failures is { } failures)
            yield return new ExpectationResult(
                $"{phase.Name}: {(failures ? "requests fail" : "no request fails")}",
                phase.Failures > 0 == failures,
                $"{phase.Failures} of {phase.Requests} failed"
            );
        if (expected.SuccessesFrom is "client-node")
        {
            var elsewhere = phase.Pods.Where(p => !p.OnClientNode).Sum(p => p.Ok);
            yield return new ExpectationResult(
                $"{phase.Name}: every success comes from the client's node",
                elsewhere == 0,
                $"{elsewhere} of {phase.Ok} successes come from other nodes"
            );
        }
        if (expected.SuccessesFrom is "client-zone")
        {
            bool Near(PodPhase pod) => view.Endpoints.GetValueOrDefault(pod.Pod.HubbleName)?.Zone == view.ClientZone;
            var (near, far) = (phase.Pods.Where(Near).ToList(), phase.Pods.Where(p => !Near(p)).ToList());
            yield return new ExpectationResult(
                $"{phase.Name}: every pod of the client's zone {view.ClientZone} answers and no other does",
                near.Count > 0 && near.All(p => p.Ok > 0) && far.All(p => p.Ok == 0),
                $"{near.Sum(p => p.Ok)} answers of {near.Count} pods there, {far.Sum(p => p.Ok)} of {far.Count} others"
            );
        }
        if (expected.SuccessesFrom is "one-pod")
        {
            var pods = phase.Pods.Where(p => p.Ok > 0).Select(p => p.Pod.Name).ToList();
            yield return new ExpectationResult(
                $"{phase.Name}: every success comes from one pod",
                pods.Count == 1,
                $"{pods.Count} pods answer: {string.Join(", ", pods)}"
            );
        }
        if (expected.FailureStatus is { } status)
        {
            var others = phase.Failures - phase.ByStatus.GetValueOrDefault(status);
            yield return new ExpectationResult(
                $"{phase.Name}: every failure is a {status}",
                others == 0,
                $"{others} of {phase.Failures} failures are something else"
            );
        }
        if (expected.FailureShare is "remote-pods")
            yield return FailureShare(phase);
        if (expected.NewPodShare is { } mechanism && replacement is not null)
            yield return mechanism is "kept-connections"
                ? KeptConnections(phase, replacement, load.Connections)
                : NewPodShare(phase, mechanism, replacement, load.PortCount);
        if (expected.HitsPerRequest is { } hits)
            yield return HitsPerRequest(phase, hits);
        if (expected.Diagnosis is { } name)
            yield return new ExpectationResult(
                $"{phase.Name}: the diagnosis is {name}",
                diagnosis.Name == name,
                $"the diagnosis is {diagnosis.Name}"
            );
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
        return new ExpectationResult(
            $"{phase.Name}: delivery is {expected.Replace('-', ' ')}",
            holds,
            $"delivery is {kind.ToString().ToLowerInvariant()}"
        );
    }

    private static ExpectationResult FailureShare(PhaseReport phase)
    {
        var share = (double)phase.Pods.Count(p => !p.OnClientNode) / phase.Pods.Length;
        var observed = phase.Requests == 0 ? 0 : (double)phase.Failures / phase.Requests;
        var allowed = StandardErrors * Math.Sqrt(share * (1 - share) / Math.Max(phase.Requests, 1));
        return new ExpectationResult(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{phase.Name}: the failed share is that of the pods on other nodes, {share:P1} ± {allowed:P1}"
            ),
            Math.Abs(observed - share) <= allowed,
            string.Create(CultureInfo.InvariantCulture, $"{observed:P1}")
        );
    }

    /// <summary>
    /// Of C kept connections 1/N broke with the old Pod; of those that were opened again, the new one gets 1/N at most, and none if they were opened before it was ready. One more for the position of the turn.
    /// </summary>
    private static ExpectationResult KeptConnections(PhaseReport phase, BackendReplacement replacement, int connections)
    {
        var n = phase.Pods.Length;
        var most = 1.0 / (n * n) + 1.0 / connections;
        var share =
            (double)phase.Pods.Where(p => p.Pod.Name == replacement.Added).Sum(p => p.Ok) / Math.Max(phase.Ok, 1);
        return new ExpectationResult(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{phase.Name}: the new pod {replacement.Added} has at most {most:P1} of the requests = 1/{n}² + 1/{connections} connections"
            ),
            phase.Ok > 0 && share <= most,
            string.Create(CultureInfo.InvariantCulture, $"{share:P1}")
        );
    }

    /// <summary>A spent retry budget leaves attempts out: a quarter may be missing. Besides, requests under way at the edges of a phase are counted by one side alone.</summary>
    private static ExpectationResult HitsPerRequest(PhaseReport phase, int hits)
    {
        var observed = phase.Pods.Sum(p => p.Echo);
        return new ExpectationResult(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{phase.Name}: each request reaches a backend {hits} times (at least {0.75 * hits:0.#}: a spent retry budget leaves attempts out)"
            ),
            observed >= hits * (0.75 * phase.Requests - RequestsAtEdges)
                && observed <= hits * (phase.Requests + (double)RequestsAtEdges)
                && phase.Requests > RequestsAtEdges,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{observed:0} for {phase.Requests} requests, {observed / Math.Max(phase.Requests, 1):0.0} each (give or take {RequestsAtEdges} requests under way at the edges)"
            )
        );
    }

    /// <summary>The verdict's interval, widened by the spread of an assignment that is frozen in the client's ports, must hold what the measured quantities make of the formula.</summary>
    private static ExpectationResult NewPodShare(
        PhaseReport phase,
        string mechanism,
        BackendReplacement replacement,
        int ports
    )
    {
        var n = phase.Pods.Length;
        var p = (double)replacement.PortsUsed / ports;
        var share = mechanism is "even"
            ? 1.0 / n
            : StaleConntrackShare.Expected(n, p, replacement.GapConnections, ports);
        var spread = mechanism is "even" ? 0 : StaleConntrackShare.FrozenSpread(share, ports);
        var observed = phase.Selection.Shares.FirstOrDefault(s => s.Backend == replacement.Added)?.Share;
        var why = mechanism is "even"
            ? string.Create(CultureInfo.InvariantCulture, $"1/{n}")
            : string.Create(
                CultureInfo.InvariantCulture,
                $"(1/{n})(1 − {p:0.000}·{n - 1}/{n})·e^(−{replacement.GapConnections}/{ports}) with a gap of {replacement.GapSeconds:0.00} s"
            );
        return new ExpectationResult(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{phase.Name}: the new pod {replacement.Added} is chosen with the share {share:P1} = {why}"
            ),
            observed is { } interval && share >= interval.Lower - spread && share <= interval.Upper + spread,
            observed is { } seen
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"{seen.Estimate:P1} [{seen.Lower:P1}–{seen.Upper:P1}, widened by {spread:P1}]"
                )
                : "it is none of the phase's pods"
        );
    }
}
