using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.Measurement.Status;

/// <summary>A backend Pod in a <see cref="RunStatus"/>.</summary>
/// <param name="Pod">The Pod.</param>
/// <param name="OnClientNode">Whether the load test runs on the same node.</param>
/// <param name="State">How its successes compare with its fair share.</param>
/// <param name="OkPerSecond">successes per second over the last seconds; over the whole phase without load.</param>
/// <param name="Share">Part of the phase's successes, 0 to 1; null without a success.</param>
/// <param name="Expected">Fair share, 0 to 1; 0: it should get no load.</param>
public sealed record PodStatus(
    BackendPod Pod,
    bool OnClientNode,
    RowState State,
    double OkPerSecond,
    double? Share,
    double Expected
);
