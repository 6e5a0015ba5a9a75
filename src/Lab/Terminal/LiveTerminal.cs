using System.Collections.Immutable;
using System.Globalization;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using Spectre.Console;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>
/// A run on a terminal: a live table of the Pods, then the summary. Call <see cref="RunAsync"/> around the run.
/// </summary>
public sealed class LiveTerminal(IAnsiConsole console) : IRunListener
{
    private LiveDisplayContext? _live;
    private string _step = "";
    private RunReport? _report,
        _progress;
    private ClusterIdentity _cluster = ClusterIdentity.Unknown;

    /// <summary>Text below the table, such as the keys for commands; null for none.</summary>
    public Func<string>? Footer { get; init; }

    /// <summary>Shows the live table during the run, then the summary.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        _progress = null;
        var result = await console
            .Live(new Text(""))
            .AutoClear(true)
            .StartAsync(async live =>
            {
                _live = live;
                try
                {
                    return await run();
                }
                finally
                {
                    _live = null;
                }
            });
        if (_report is not null)
            SummaryText.Write(_report, console);
        _report = null;
        return result;
    }

    /// <inheritdoc/>
    public void OnStep(string what)
    {
        _step = what;
        _live?.UpdateTarget(new Rows(new Markup($"[blue]›[/] {Markup.Escape(what)}"), Keys()));
    }

    /// <inheritdoc/>
    public void OnCluster(ClusterIdentity cluster) => _cluster = cluster;

    /// <inheritdoc/>
    public bool WantsProgress => true;

    /// <inheritdoc/>
    public void OnPhase(PhaseStep phase) { }

    /// <inheritdoc/>
    public void OnCounters(SeriesSample newest, ImmutableArray<BackendPod> pods, string clientNode) { }

    /// <inheritdoc/>
    public void OnProgress(RunReport report) => _progress = report;

    /// <inheritdoc/>
    public void OnSample(LiveSample sample) => _live?.UpdateTarget(Render(sample));

    /// <inheritdoc/>
    public void OnReport(RunReport report) => _report = report;

    private Rows Render(LiveSample sample)
    {
        var status = _progress is { } report ? RunStatus.Of(report, sample) : RunStatus.Of(sample);
        var states = status.Pods.ToDictionary(p => p.Pod.HubbleName, p => p.State, StringComparer.Ordinal);
        var table = new Table()
            .Border(TableBorder.Rounded)
            .Title(Markup.Escape($"{sample.Phase} · {sample.Elapsed.TotalSeconds:0} s · {sample.Requests} requests"))
            .AddColumns("pod", "node")
            .AddColumn(Right("2xx/s"))
            .AddColumn(Right("failed/s"))
            .AddColumn(Right("share of 2xx"))
            .AddColumn("");
        foreach (var pod in sample.Pods)
        {
            var share = sample.OkPerSecond > 0 ? pod.OkPerSecond / sample.OkPerSecond : 0;
            var color = pod.Pod is { } named ? ColorOf(states.GetValueOrDefault(named.HubbleName)) : "red";
            var bar = new string('█', (int)Math.Round(share * 24));
            var node = pod.Pod?.Node ?? "";
            table.AddRow(
                new Markup($"[{color}]{Markup.Escape(pod.Pod?.Name ?? "failures without a pod")}[/]"),
                new Text(pod.OnClientNode ? $"{node} ← client" : node),
                Number(pod.OkPerSecond),
                Number(pod.FailedPerSecond),
                new Text(pod.Pod is null ? "" : share.ToString("P0", CultureInfo.InvariantCulture)),
                new Markup($"[{color}]{bar}[/]")
            );
        }
        return new Rows(
            new Markup($"[yellow]{Markup.Escape(_cluster.Notice)}[/]"),
            new Markup($"[blue]›[/] {Markup.Escape(_step)}"),
            new Markup($"[{SummaryText.ColorOf(status)}]{Markup.Escape(status.Headline)}[/]"),
            table,
            Keys()
        );
    }

    private static string ColorOf(RowState state) =>
        state switch
        {
            RowState.Silent => "red",
            RowState.Short or RowState.Undecided => "yellow",
            _ => "green",
        };

    private Markup Keys() => new($"[grey]{Markup.Escape(Footer?.Invoke() ?? "")}[/]");

    private static Text Number(double value) => new(value.ToString("0.0", CultureInfo.InvariantCulture));

    private static TableColumn Right(string title) => new TableColumn(title).RightAligned();
}
