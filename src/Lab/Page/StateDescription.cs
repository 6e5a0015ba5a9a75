using System.Collections.Immutable;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;

namespace CiliumDebugging.Lab.Page;

/// <summary>What a report adds to the state of the lab. Pure.</summary>
internal static class StateDescription
{
    private const int MaxEvents = 50;

    /// <param name="state">The state to complete.</param>
    /// <param name="report">The run so far.</param>
    /// <param name="status">The status of the run.</param>
    /// <param name="live">Rates of the last seconds.</param>
    /// <param name="charts">The newest counters.</param>
    public static PageState Of(
        PageState state,
        RunReport report,
        RunStatus status,
        LiveSample live,
        ChartSamples charts
    )
    {
        var phase = report.Latest;
        ImmutableArray<PageRow> RowsOf(bool grouped) =>
            PodRowBuilder.Of(phase, status, live, charts.Oldest, charts.Newest, grouped);
        var (rows, areGrouped) = (RowsOf(grouped: true), phase.Pods.Length > PodRowBuilder.MaxRows);
        var document = DocumentOf.Run(report with { Phases = [phase] });
        var events = report.Details.Events.TakeLast(MaxEvents);
        return state.With(status) with
        {
            StartedAt = report.Details.StartedAt,
            Client = new ClientPlace(report.ClientPod, report.ClientNode),
            Rows = rows,
            Grouped = areGrouped,
            PodRows = areGrouped ? RowsOf(grouped: false) : rows,
            HttpRules = new HttpRulesInfo(phase.HttpRules.Client, phase.HttpRules.Backends),
            Reconciliation = document.Reconciliation,
            Events = [.. events.Select(e => new EventInfo(e.Name, Math.Round(e.At.TotalSeconds, 2)))],
        };
    }
}
