using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using static System.FormattableString;
using static CiliumDebugging.AppHost.Resources.RowText;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>The text of the distribution's row: the verdict, and everything that explains it. Pure.</summary>
internal static class DistributionText
{
    /// <param name="state">The state of the lab.</param>
    /// <param name="cluster">Which cluster it is.</param>
    /// <param name="place">Where it is, in words.</param>
    public static RowText Of(PageState state, ClusterIdentity cluster, string place)
    {
        RunStatus s = state.Situation;
        var cause = s.Cause;
        ImmutableArray<(string Name, string Value)> all =
        [
            ("emulated", cluster.Notice),
            ("verdict", state.Verdict?.Text ?? ""),
            ("error bound", ErrorBound(state.Verdict)),
            ("cause", cause is null ? "" : $"{cause.Name}: {cause.Sentence}"),
            ("hop", s.Hop),
            ("since", s.Since.Length == 0 ? "" : $"{s.Since}, after {s.After}"),
            ("answering", s.Answers),
            ("not answering", s.Silent),
            ("failing", s.Failures),
            ("why", cause is null ? s.Why : ""),
            ("remedy", string.Join("; ", s.Diagnosis?.Remedies ?? [])),
            ("evidence", string.Join("; ", s.Diagnosis?.Supports ?? [])),
            ("busiest over fair", state.Verdict?.MaxOverMean is { } skew ? Invariant($"{skew:0.00}") : ""),
            ("scenario", state.Scenario),
            ("step", state.Step),
            ("requests", Invariant($"{state.Requests}")),
            ("measured on", place),
        ];
        var badge = cluster.IsEmulated ? $" ({cluster.Name})" : "";
        return new RowText(StateOf(state), s.Headline + badge) { Properties = [.. all.Where(p => p.Value.Length > 0)] };
    }

    private static string ErrorBound(PageVerdict? verdict) =>
        verdict is { Kind: not VerdictKind.Undecided, LogThreshold: > 0 }
            ? Invariant($"wrong in at most 1 of {Math.Exp(verdict.LogThreshold):#,0} runs")
            : "";

    private static ResourceStateSnapshot StateOf(PageState state) =>
        state.Situation.Kind switch
        {
            RunStatusKind.Skewed => Styled("Skewed", KnownResourceStateStyles.Error),
            RunStatusKind.Failing when state.Situation.Verdict?.Kind is VerdictKind.Skewed => Styled(
                "Skewed",
                KnownResourceStateStyles.Error
            ),
            RunStatusKind.Failing => Styled("Requests fail", KnownResourceStateStyles.Error),
            RunStatusKind.Balanced or RunStatusKind.Recovered => Styled("Even", KnownResourceStateStyles.Success),
            RunStatusKind.Undecided => Styled("Undecided", KnownResourceStateStyles.Info),
            _ => Styled(state.Step.Length > 0 ? state.Step : "Starting", KnownResourceStateStyles.Info),
        };
}

/// <summary>
/// The health of what the load test sees: degraded while the load is skewed, unhealthy while requests fail.
/// </summary>
internal static class DistributionHealth
{
    /// <summary>The health in a state of the lab, and why.</summary>
    public static (HealthStatus Status, string Reason) Of(PageState state) =>
        state.Situation.Kind switch
        {
            RunStatusKind.Failing => (HealthStatus.Unhealthy, Describe(state)),
            RunStatusKind.Skewed => (HealthStatus.Degraded, Describe(state)),
            _ => (HealthStatus.Healthy, state.Situation.Headline),
        };

    private static string Describe(PageState state)
    {
        RunStatus s = state.Situation;
        var cause = s.Cause is { } named ? $" ({named.Name})" : "";
        var silent = s.Silent.Length > 0 ? $"Not answering: {s.Silent}. " : "";
        var failures = s.Failures.Length > 0 ? $"{s.Failures}. " : "";
        return $"{s.Headline}{cause}. Answering: {s.Answers}. {silent}{failures}Since {s.Since}, after {s.After}.";
    }
}
