using System.Collections.Immutable;
using CiliumDebugging.Lab.Running;

namespace CiliumDebugging.Lab.Scenarios;

/// <summary>What a phase is expected to show.</summary>
/// <param name="Phase">Name of the phase.</param>
/// <param name="Delivery">Expected verdict on delivery: <c>even</c>, <c>skewed</c> or <c>not-skewed</c>; null for no expectation.</param>
/// <param name="Failures">Whether failures are expected; null for no expectation.</param>
/// <param name="SuccessesFrom"><c>client-node</c>: only Pods on the client's node may answer 2xx; <c>client-zone</c>: only those in the zone of the client's node, each of them; <c>one-pod</c>: all 2xx come from a single Pod; null for no expectation.</param>
/// <param name="FailureStatus">The one status that failures have; null for no expectation.</param>
/// <param name="FailureShare"><c>remote-pods</c>: the failed share of the requests is the share of the Pods on other nodes, within 4 standard errors; null for no expectation.</param>
/// <param name="Diagnosis">Name of the diagnosis; null for no expectation.</param>
/// <param name="NewPodShare">
/// <c>stale-conntrack</c>: the share of the Pod that a <see cref="DeletePodStep"/> brought agrees with <see cref="StaleConntrackShare"/> of the measured quantities; <c>even</c>: with 1/N;
/// <c>kept-connections</c>: it has no more of the requests than of the connections, which were opened before it was there. Null for no expectation.
/// </param>
/// <param name="HitsPerRequest">How often each request reaches a backend when the proxies repeat it: (1 + http-retry-count) to the power of the proxies on its way. Null for no expectation.</param>
public sealed record PhaseExpectation(
    string Phase,
    string? Delivery,
    bool? Failures,
    string? SuccessesFrom,
    int? FailureStatus,
    string? FailureShare,
    string? Diagnosis,
    string? NewPodShare = null,
    int? HitsPerRequest = null
);
