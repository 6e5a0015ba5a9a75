using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using static CiliumDebugging.AppHost.Resources.RowText;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>The text of the distribution's row: the verdict, and everything that explains it. Pure.</summary>
internal static class DistributionText
{
    public static RowText Of(PageState state, string cluster)
    {
        RunStatus s = state.Situation;
        var diagnosis = state.Diagnosis is { Name: not ("even" or DiagnosisResult.UndecidedName) } named ? named : null;
        ImmutableArray<(string Name, string Value)> all =
        [
            ("verdict", state.Verdict?.Text ?? ""),
            ("error bound", ErrorBound(state.Verdict)),
            ("cause", diagnosis is null ? "" : $"{diagnosis.Name}: {diagnosis.Sentence}"),
            ("hop", diagnosis?.Hop ?? s.Hop),
            ("since", s.Since.Length == 0 ? "" : $"{s.Since}, after {s.After}"),
            ("answering", s.Answers),
            ("not answering", s.Silent),
            ("why", diagnosis is null ? s.Why : ""),
            ("remedy", string.Join("; ", diagnosis?.Remedies ?? [])),
            ("evidence", string.Join("; ", diagnosis?.Supports ?? [])),
            ("busiest over fair", state.Verdict?.MaxOverMean is { } skew ? F($"{skew:0.00}") : ""),
            ("scenario", state.Scenario),
            ("step", state.Step),
            ("requests", F($"{state.Requests}")),
            ("measured on", cluster),
        ];
        return new RowText(StateOf(state), s.Headline) { Properties = [.. all.Where(p => p.Value.Length > 0)] };
    }

    private static string ErrorBound(PageVerdict? verdict) =>
        verdict is { Kind: not VerdictKind.Undecided, LogThreshold: > 0 }
            ? F($"wrong in at most 1 of {Math.Exp(verdict.LogThreshold):#,0} runs")
            : "";

    private static ResourceStateSnapshot StateOf(PageState state)
    {
        if (state.Verdict is not { } verdict)
            return Styled(state.Step.Length > 0 ? state.Step : "Starting", KnownResourceStateStyles.Info);
        return verdict.Kind switch
        {
            VerdictKind.Skewed => Styled("Skewed", KnownResourceStateStyles.Error),
            VerdictKind.Even => Styled("Even", KnownResourceStateStyles.Success),
            _ when state.Situation.Kind is RunStatusKind.Failing => Styled(
                "Undecided, requests fail",
                KnownResourceStateStyles.Warn
            ),
            _ => Styled("Undecided", KnownResourceStateStyles.Info),
        };
    }
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
        var cause = state.Diagnosis is { } named && DiagnosisResult.IsMechanism(named.Name) ? $" ({named.Name})" : "";
        var silent = s.Silent.Length > 0 ? $"Not answering: {s.Silent}. " : "";
        return $"{s.Headline}{cause}. Answering: {s.Answers}. {silent}Since {s.Since}, after {s.After}.";
    }
}
