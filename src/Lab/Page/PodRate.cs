using System.Collections.Immutable;
using System.Text.Json.Serialization;
using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.Lab.Page;

/// <summary>What the client sees of one Pod right now.</summary>
/// <param name="Pod">The Pod; null: answers that name none.</param>
/// <param name="OkPerSecond">2xx per second over the last seconds.</param>
/// <param name="FailedPerSecond">Other answers per second.</param>
/// <param name="P50Ms">Median latency of the last answers, ms; null without one.</param>
/// <param name="P99Ms">99 %, ms.</param>
public sealed record PodRate(
    BackendPod? Pod,
    double OkPerSecond,
    double FailedPerSecond,
    double? P50Ms = null,
    double? P99Ms = null
);
