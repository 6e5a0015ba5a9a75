using System.Collections.Immutable;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Page;

/// <summary>A quantity of a run that is shown as a gauge.</summary>
/// <param name="Name">Name for OpenTelemetry; for Prometheus its dots are underscores.</param>
/// <param name="Description">What it is, with its range.</param>
/// <param name="Value">Its value; null while there is none.</param>
public sealed record RunQuantity(string Name, string Description, Func<PageState, double?> Value)
{
    /// <summary>Its name for Prometheus.</summary>
    public string PrometheusName => Name.Replace('.', '_');
}

/// <summary>The metrics of a run, for OpenTelemetry and for Prometheus alike.</summary>
public static class RunMetrics
{
    /// <summary>Counter of the client's requests by <c>pod</c>, <c>node</c> and <c>status</c>.</summary>
    public const string Responses = "loadtest.responses",
        PrometheusResponses = "loadtest_responses_total",
        ResponsesHelp =
            "Requests of the load test by the Pod that answered, its node and the HTTP status (0: no answer)";

    /// <summary>
    /// The gauges: one for each quantity, because a dashboard sums over attributes it does not filter.
    /// </summary>
    public static ImmutableArray<RunQuantity> Gauges { get; } =
    [
        new("loadtest.verdict", "Delivery in the current phase: 2 skewed, 1 even, 0 undecided", VerdictOf),
        new("loadtest.skew.max_over_mean", "Load of the busiest pod relative to its fair load; 1 is even", s =>
            s.Verdict?.MaxOverMean
        ),
        new(
            "loadtest.skew.effective_backends",
            "Number of equally loaded pods that would concentrate the load as much",
            s => s.Verdict?.EffectiveBackends
        ),
        new("loadtest.share.busiest", "Share of all successes that the busiest pod has, 0 to 1", s =>
            OfRows(s, rows => rows.Max(r => r.Share))
        ),
        new("loadtest.pods.silent", "Pods that answer less than 2 % of what they should", s =>
            s.Situation.Pods.IsEmpty
                ? null
                : s.Situation.Pods.Count(p => p is { State: RowState.Silent, Expected: > 0 })
        ),
        new("loadtest.successes.rate", "successes per second", s => OfRows(s, rows => rows.Sum(r => r.OkPerSecond))),
        new("loadtest.failures.rate", "Requests per second that fail", s =>
            s.Activity is PageActivity.Running ? s.FailedPerSecond : null
        ),
        new("loadtest.evidence.skewed", "ln of the e-value of skewed; a decision at loadtest.evidence.threshold", s =>
            s.Verdict?.LogSkewed
        ),
        new("loadtest.evidence.even", "ln of the e-value of even; a decision at loadtest.evidence.threshold", s =>
            s.Verdict?.LogEven
        ),
        new("loadtest.evidence.threshold", "ln of the inverse error probability", s => s.Verdict?.LogThreshold),
    ];

    private static double? VerdictOf(PageState state) =>
        state.Verdict?.Kind switch
        {
            null => null,
            VerdictKind.Skewed => 2,
            VerdictKind.Even => 1,
            _ => 0,
        };

    private static double? OfRows(PageState state, Func<ImmutableArray<PageRow>, double?> value) =>
        state.Rows.IsEmpty ? null : value(state.Rows);
}
