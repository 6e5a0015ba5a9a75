using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>A scenario on several releases of Cilium, as data: what <see cref="MatrixText"/> shows, and
/// <c>--format json</c> prints.</summary>
/// <param name="Scenario">Name of the scenario.</param>
/// <param name="IsEmulated">Whether the releases are models on the embedded cluster.</param>
/// <param name="Releases">The runs, in the order in which they were requested.</param>
/// <param name="Changes">The neighbouring releases between which behaviour changes, in words.</param>
public sealed record MatrixSummary(
    string Scenario,
    bool IsEmulated,
    IReadOnlyList<MatrixSummary.Run> Releases,
    IReadOnlyList<string> Changes
)
{
    /// <summary>The last phase of the run of one release. Without a run all but the problem is null.</summary>
    /// <param name="Release">The release.</param>
    /// <param name="Problem">Why there was no run; null: there was one.</param>
    /// <param name="Delivery">The verdict on where the successes come from.</param>
    /// <param name="BusiestPod">The Pod with the most successes; null: there were none.</param>
    /// <param name="BusiestShare">Its part of them, 0 to 1.</param>
    /// <param name="BusiestOnClientNode">Whether it is on the client's node.</param>
    /// <param name="FailedShare">Part of the requests that failed, 0 to 1.</param>
    /// <param name="FailedShareOfRun">The same of the whole run.</param>
    /// <param name="Diagnosis">The mechanism that fits.</param>
    /// <param name="IsReproduced">Whether the run showed what the scenario expects; null: nothing is expected, or the
    /// run is not complete, or the machine did not keep up with it.</param>
    /// <param name="Evidence">How it is known that the release behaves so: <c>reported</c>, <c>predicted</c> by the
    /// model alone, or <c>measured</c> on a real cluster.</param>
    public sealed record Run(
        string Release,
        string? Problem,
        VerdictKind? Delivery = null,
        string? BusiestPod = null,
        double? BusiestShare = null,
        bool? BusiestOnClientNode = null,
        double? FailedShare = null,
        double? FailedShareOfRun = null,
        string? Diagnosis = null,
        bool? IsReproduced = null,
        string? Evidence = null
    );

    /// <summary>Summarises runs.</summary>
    public static MatrixSummary Of(Scenario scenario, IReadOnlyList<MatrixRow> rows)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(rows);
        return new(
            scenario.Name,
            rows.Any(r => r.Report is { Details.Cluster.IsEmulated: true }),
            [.. rows.Select(RunOf)],
            [.. MatrixText.Changes(rows)]
        );
    }

    private static Run RunOf(MatrixRow row)
    {
        if (row.Report is not { } report)
            return new(row.Release.ToString(), row.Problem ?? "");
        var phase = report.Latest;
        var busiest = phase.Ok == 0 ? null : phase.Pods.MaxBy(p => p.Ok);
        return new(
            row.Release.ToString(),
            null,
            row.Delivery,
            busiest?.Pod.Name,
            busiest is null ? null : (double)busiest.Ok / phase.Ok,
            busiest?.OnClientNode,
            (double)phase.Failures / Math.Max(phase.Requests, 1),
            (double)report.Totals.Failures / Math.Max(report.Totals.Requests, 1),
            report.Diagnosis.Name,
            MatrixRow.IsConcluded(report) && report.Expectations.Length > 0 ? report.Holds : null,
            // A real cluster shows its own behaviour.
            report.Evidence?.ToString().ToLowerInvariant()
                ?? "measured"
        );
    }
}
