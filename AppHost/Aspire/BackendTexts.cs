using System.Globalization;
using CiliumDebugging.LoadTest.Page;

namespace CiliumDebugging.AppHost;

/// <summary>What a row of the Resources table says: the state's text and style, and properties.</summary>
/// <param name="State">Text and style.</param>
/// <param name="Properties">Names and values.</param>
internal sealed record ResourceText(ResourceStateSnapshot State, IReadOnlyList<(string Name, object Value)> Properties);

/// <summary>What the resources say of the run. Pure.</summary>
internal static class BackendTexts
{
    private const string Prefix = "Running · ";

    /// <summary>Whether a resource runs, whatever it says besides.</summary>
    public static bool Runs(ResourceStateSnapshot? state) => Runs(state?.Text);

    /// <inheritdoc cref="Runs(ResourceStateSnapshot?)"/>
    public static bool Runs(string? state) => state == KnownResourceStates.Running || state?.StartsWith(Prefix, StringComparison.Ordinal) == true;

    /// <summary>A backend: its rate and its share. Null: nothing is known of it.</summary>
    /// <param name="state">The lab.</param>
    /// <param name="pod">Its Pod as <c>namespace/name</c>; null while it has none.</param>
    /// <param name="node">Its node, whose row stands for its Pods where there are many.</param>
    public static ResourceText? OfBackend(LabState state, string? pod, string node)
    {
        var row = state.Rows.FirstOrDefault(r => r.Key == pod) ?? (state.Grouped ? state.Rows.FirstOrDefault(r => r.Key == node) : null);
        if (row is null || state.Activity is not "running") return null;
        var style = row.State switch { "silent" => KnownResourceStateStyles.Error, "short" => KnownResourceStateStyles.Warn, _ => KnownResourceStateStyles.Success };
        return new ResourceText(
            new ResourceStateSnapshot(F($"{Prefix}{row.OkPerSecond:0.0}/s{(row.Share is { } share ? F($" · {share:0 %}") : "")}{(row.FailedPerSecond >= 0.05 ? F($" · {row.FailedPerSecond:0.0} × 5xx/s") : "")}"), style),
            [
                ("pod", row.Name), ("answers", row.State), ("successes/s", F($"{row.OkPerSecond:0.0}")), ("share", row.Share is { } part ? F($"{part:0.0 %}") : "–"), ("5xx/s", F($"{row.FailedPerSecond:0.0}")),
                ("echo requests/s", F($"{row.EchoPerSecond:0.0}")), ("Hubble requests/s", F($"{row.HubblePerSecond:0.0}")), ("p99", row.P99Ms is { } p99 ? F($"{p99:0.0} ms") : "–"),
            ]);
    }

    /// <summary>The distribution: the verdict, and everything that explains it.</summary>
    public static ResourceText OfDistribution(LabState state)
    {
        var s = state.Situation;
        return new ResourceText(VerdictOf(state),
        [
            ("scenario", state.Scenario), ("step", state.Step), ("requests", state.Requests), ("situation", s.Headline), ("which answers", s.Answers), ("which do not", s.Silent), ("since", s.Since), ("after", s.After), ("at hop", s.Hop), ("why", s.Why),
            ("verdict", state.Verdict?.Text ?? ""), ("busiest over fair", state.Verdict?.MaxOverMean is { } skew ? F($"{skew:0.00}") : "–"), ("diagnosis", state.Diagnosis?.Name ?? ""),
        ]);
    }

    private static ResourceStateSnapshot VerdictOf(LabState state)
    {
        if (state.Verdict is not { } verdict) return new ResourceStateSnapshot(state.Step.Length > 0 ? state.Step : "Starting", KnownResourceStateStyles.Info);
        var named = state.Diagnosis is { Name: not ("even" or "unknown") } diagnosis ? $": {diagnosis.Name}" : "";
        return verdict.Kind switch
        {
            "skewed" => new ResourceStateSnapshot($"Skewed{named}", KnownResourceStateStyles.Error),
            "even" => new ResourceStateSnapshot("Even", KnownResourceStateStyles.Success),
            _ => new ResourceStateSnapshot(state.Situation.Kind is "failing" ? $"Undecided, requests fail{named}" : "Undecided: no skew found yet", state.Situation.Kind is "failing" ? KnownResourceStateStyles.Warn : KnownResourceStateStyles.Info),
        };
    }

    private static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
