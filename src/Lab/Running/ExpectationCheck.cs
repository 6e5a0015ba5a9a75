using System.Collections.Immutable;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using static System.FormattableString;

namespace CiliumDebugging.Lab.Running;

/// <summary>Compares what a phase showed with what its scenario expects.</summary>
/// <param name="phase">What the phase showed.</param>
/// <param name="parts">
/// What the whole of the scenario's phase showed, also after a change in the middle of it that the scenario did not
/// make.
/// </param>
/// <param name="underWay">Requests under way on average: those that failed, and those that succeeded.</param>
/// <param name="replacement">The Pod that was replaced just before it; null when there was none.</param>
/// <param name="load">The load.</param>
/// <param name="service">The Service and its Pods at the phase's end.</param>
internal sealed class ExpectationCheck(
    PhaseReport phase,
    ImmutableArray<PhaseReport> parts,
    (double Failed, double Ok) underWay,
    BackendReplacement? replacement,
    LoadSpec load,
    ServiceReader service
)
{
    /// <summary>Counts may differ from their expectation by this many standard errors.</summary>
    private const double StandardErrors = 4;

    /// <summary>Requests under way when a phase begins or ends, which only one side counts.</summary>
    private const int RequestsAtEdges = 3;

    /// <summary>A smaller difference of shares is not mentioned.</summary>
    private const double SmallestTie = 0.005;

    /// <summary>A spent retry budget leaves attempts out: a quarter of them may be missing.</summary>
    private const double AttemptsMade = 0.75;

    public IEnumerable<ExpectationResult> Check(PhaseExpectation expected)
    {
        if (expected.Delivery is { } delivery)
            yield return Delivery(delivery);
        var whole = RequestTotals.Of(parts);
        if (expected.Failures is { } failures)
            yield return Result(
                failures ? "requests fail" : "no request fails",
                whole.Requests > 0 && whole.Failures > 0 == failures,
                $"{whole.Failures} of {whole.Requests} failed"
            );
        if (expected.SuccessesFrom is { } source)
            yield return SuccessesFrom(source);
        if (expected.FailureStatus is { } status)
        {
            var others = whole.Failures - parts.Sum(p => p.ByStatus.GetValueOrDefault(status));
            var seen = $"{others} of {whole.Failures} failures are something else";
            yield return Result($"every failure is a {status}", whole.Failures > 0 && others == 0, seen);
        }
        if (expected.FailureShare is { } failed)
            yield return failed is ExpectedFailureShare.RemotePods
                ? FailureShareOfRemotePods()
                : FailureShareOfUnknownAddresses();
        if (expected.NewPodShare is { } share)
            yield return replacement is null
                ? Result("a new pod has its share", false, "no pod was replaced before this phase")
            : share is ExpectedNewPodShare.KeptConnections ? KeptConnections(replacement)
            : NewPodShare(share, replacement);
        if (expected.RequestShare is ExpectedRequestShare.Connections)
            yield return SharesOfConnections();
        if (expected.HitsPerRequest is { } hits)
            yield return HitsPerRequest(hits);
        if (expected.Diagnosis is { } name)
            yield return Result(
                $"the diagnosis is {name}",
                phase.Diagnosis!.Name == name,
                $"the diagnosis is {phase.Diagnosis.Name}"
            );
    }

    private ExpectationResult Result(string what, bool holds, string seen) => new($"{phase.Name}: {what}", holds, seen);

    private ExpectationResult Delivery(ExpectedDelivery expected)
    {
        var kind = phase.Delivery.Successes.Kind;
        var (words, holds) = expected switch
        {
            ExpectedDelivery.Even => ("even", kind is VerdictKind.Even),
            ExpectedDelivery.Skewed => ("skewed", kind is VerdictKind.Skewed),
            _ => ("not skewed", phase.Requests > 0 && kind is not VerdictKind.Skewed),
        };
        return Result($"delivery is {words}", holds, $"delivery is {kind.ToString().ToLowerInvariant()}");
    }

    private ExpectationResult SuccessesFrom(SuccessSource source)
    {
        if (source is SuccessSource.ClientNode)
        {
            var elsewhere = phase.Pods.Where(p => !p.OnClientNode).Sum(p => p.Ok);
            var seen = $"{elsewhere} of {phase.Ok} successes come from other nodes";
            return Result("every success comes from the client's node", phase.Ok > 0 && elsewhere == 0, seen);
        }
        if (source is SuccessSource.OnePod)
        {
            var pods = phase.Pods.Where(p => p.Ok > 0).Select(p => p.Pod.Name).ToList();
            var seen = $"{pods.Count} pods answer: {string.Join(", ", pods)}";
            return Result("every success comes from one pod", pods.Count == 1, seen);
        }
        var zones = phase.Pods.ToLookup(p => ZoneOf(p) == service.ClientZone);
        var (near, far) = (zones[true].ToList(), zones[false].ToList());
        return Result(
            $"every pod of the client's zone {service.ClientZone} answers and no other does",
            near.Count > 0 && near.All(p => p.Ok > 0) && far.All(p => p.Ok == 0),
            $"{near.Sum(p => p.Ok)} answers of {near.Count} pods there, {far.Sum(p => p.Ok)} of {far.Count} others"
        );
    }

    private string? ZoneOf(PodPhase pod) => service.Endpoints.GetValueOrDefault(pod.Pod.HubbleName)?.Zone;

    private ExpectationResult FailureShareOfRemotePods()
    {
        var share = (double)phase.Pods.Count(p => !p.OnClientNode) / phase.Pods.Length;
        var observed = phase.Requests == 0 ? 0 : (double)phase.Failures / phase.Requests;
        // A port keeps its backend or draws another one, as the settings and the time between two uses have it.
        var tied =
            load.Connections > 0
                ? share
                : RemotePodsShare.Expected(share, load.PortCount, underWay.Failed, underWay.Ok);
        var draws = 1.0 / Math.Max(phase.Requests, 1) + 1.0 / load.PortCount;
        var allowed = StandardErrors * Math.Sqrt(share * (1 - share) * draws);
        var ties =
            share - tied < SmallestTie
                ? ""
                : Invariant($", or {tied:P1} where ports that wait for an answer keep their pod,");
        return Result(
            Invariant($"the failed share is that of the pods on other nodes, {share:P1}{ties} ± {allowed:P1}"),
            phase.Requests > 0
                && observed >= Math.Min(share, tied) - allowed
                && observed <= Math.Max(share, tied) + allowed,
            Invariant($"{observed:P1}")
        );
    }

    /// <summary>Of N Pods and A addresses without a Pod each is chosen alike: A/(N + A) fail.</summary>
    private ExpectationResult FailureShareOfUnknownAddresses()
    {
        var (pods, unknown) = (phase.Pods.Length, service.UnknownAddresses.Count);
        var share = (double)unknown / Math.Max(pods + unknown, 1);
        var observed = (double)phase.Failures / Math.Max(phase.Requests, 1);
        var draws = 1.0 / Math.Max(phase.Requests, 1) + 1.0 / load.PortCount;
        var allowed = StandardErrors * Math.Sqrt(share * (1 - share) * draws);
        return Result(
            Invariant(
                $"the failed share is that of {unknown} {(unknown == 1 ? "address" : "addresses")} without a pod among {pods + unknown} "
            ) + Invariant($"endpoints, {share:P1} ± {allowed:P1}"),
            phase.Requests > 0 && unknown > 0 && Math.Abs(observed - share) <= allowed,
            Invariant($"{observed:P1}")
        );
    }

    /// <summary>
    /// Of C kept connections 1/N broke with the old Pod. Of those that were opened again the new one gets at most 1/N,
    /// and none if they were opened before it was ready. One more for the position of the turn.
    /// </summary>
    private ExpectationResult KeptConnections(BackendReplacement replaced)
    {
        var n = phase.Pods.Length;
        var limit = 1.0 / (n * n) + 1.0 / load.Connections;
        var answered = phase.Pods.Where(p => p.Pod.Name == replaced.Added).Sum(p => p.Ok);
        var share = (double)answered / Math.Max(phase.Ok, 1);
        var formula = $"1/{n}² + 1/{load.Connections} connections";
        return Result(
            Invariant($"the new pod {replaced.Added} has at most {limit:P1} of the requests = {formula}"),
            phase.Ok > 0 && share <= limit,
            Invariant($"{share:P1}")
        );
    }

    /// <summary>
    /// Of c connections in turn each carries 1/c of the requests, give or take one. So a Pod with k of them has k/c,
    /// give or take k and one at the edges; too few requests fit everything.
    /// </summary>
    private ExpectationResult SharesOfConnections()
    {
        var each = (double)phase.Requests / load.Connections;
        var pods = phase
            .Pods.Select(p => (Answers: p.Ok + p.Failed, Connections: (int)Math.Round((p.Ok + p.Failed) / each)))
            .ToList();
        return Result(
            $"each pod has the requests of its connections: its share is a multiple of 1/{load.Connections}",
            each >= 4 * load.Connections
                && pods.Sum(p => p.Connections) == load.Connections
                && pods.All(p => Math.Abs(p.Answers - p.Connections * each) <= p.Connections + 1),
            string.Join(", ", pods.Select(p => p.Answers))
                + Invariant($" of {phase.Requests} requests, {each:0.#} for each connection")
        );
    }

    private ExpectationResult HitsPerRequest(int hits)
    {
        var observed = phase.Pods.Sum(p => p.Echo);
        var (min, each) = (AttemptsMade * hits, observed / Math.Max(phase.Requests, 1));
        var edges = $"give or take {RequestsAtEdges} requests under way at the edges";
        return Result(
            $"each request reaches a backend {hits} times "
                + Invariant($"(at least {min:0.#}: a spent retry budget leaves attempts out)"),
            observed >= hits * (AttemptsMade * phase.Requests - RequestsAtEdges)
                && observed <= hits * (phase.Requests + (double)RequestsAtEdges)
                && phase.Requests > RequestsAtEdges,
            Invariant($"{observed:0} for {phase.Requests} requests, {each:0.0} each ({edges})")
        );
    }

    /// <summary>
    /// What the measured quantities make of the formula must be inside the verdict's interval, widened by the spread of
    /// an assignment that is frozen in the client's ports.
    /// </summary>
    private ExpectationResult NewPodShare(ExpectedNewPodShare expected, BackendReplacement replaced)
    {
        var n = phase.Pods.Length;
        var (share, spread, formula) = (1.0 / n, 0.0, $"1/{n}");
        if (expected is ExpectedNewPodShare.StaleConntrack)
        {
            var (ports, gap) = (load.PortCount, replaced.GapConnections);
            var p = (double)replaced.PortsUsed / ports;
            share = StaleConntrackShare.Expected(n, p, gap, ports);
            spread = StaleConntrackShare.FrozenSpread(share, ports);
            formula =
                Invariant($"(1/{n})(1 − {p:0.000}·{n - 1}/{n})·e^(−{gap}/{ports})")
                + Invariant($" with a gap of {replaced.GapSeconds:0.00} s");
        }
        var what = Invariant($"the new pod {replaced.Added} is chosen with the share {share:P1} = {formula}");
        if (phase.Selection.Shares.FirstOrDefault(s => s.Backend == replaced.Added)?.Share is not { } seen)
            return Result(what, false, "it is none of the phase's pods");
        return Result(
            what,
            share >= seen.Lower - spread && share <= seen.Upper + spread,
            Invariant($"{seen.Estimate:P1} [{seen.Lower:P1}–{seen.Upper:P1}, widened by {spread:P1}]")
        );
    }
}
