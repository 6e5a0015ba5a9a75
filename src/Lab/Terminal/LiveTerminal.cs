using System.Collections.Immutable;
using System.Globalization;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using Spectre.Console;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>A run on a terminal: a live table per Pod while it goes, the summary at its end. Call <see cref="RunAsync"/> around the run.</summary>
public sealed class LiveTerminal(IAnsiConsole console) : IRunListener
{
    private LiveDisplayContext? _live;
    private string _step = "";
    private RunReport? _report;

    /// <summary>What stands below the table: the keys that steer; null for nothing.</summary>
    public Func<string>? Footer { get; init; }

    /// <summary>Shows the live table while the run goes, then the summary.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> run)
    {
        ArgumentNullException.ThrowIfNull(run);
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
    public bool WantsProgress => false;

    /// <inheritdoc/>
    public void OnPhase(PhaseStep phase) { }

    /// <inheritdoc/>
    public void OnCounters(SeriesSample newest, ImmutableArray<BackendPod> pods, string clientNode) { }

    /// <inheritdoc/>
    public void OnProgress(RunReport report) { }

    /// <inheritdoc/>
    public void OnSample(LiveSample sample) => _live?.UpdateTarget(Render(sample));

    /// <inheritdoc/>
    public void OnReport(RunReport report) => _report = report;

    private Rows Render(LiveSample sample)
    {
        var total = sample.Pods.Sum(p => p.OkPerSecond + p.FailedPerSecond);
        var table = new Table()
            .Border(TableBorder.Rounded)
            .Title(Markup.Escape($"{sample.Phase} · {sample.Elapsed.TotalSeconds:0} s · {sample.Requests} requests"))
            .AddColumns("pod", "node")
            .AddColumn(Right("2xx/s"))
            .AddColumn(Right("5xx/s"))
            .AddColumn(Right("share"))
            .AddColumn("");
        foreach (var pod in sample.Pods)
        {
            var share = total > 0 ? (pod.OkPerSecond + pod.FailedPerSecond) / total : 0;
            var color =
                pod.Pod is null ? "red"
                : pod.OnClientNode ? "green"
                : "default";
            var bar = new string('█', (int)Math.Round(share * 24));
            table.AddRow(
                new Markup($"[{color}]{Markup.Escape(pod.Pod?.Name ?? "(no pod: a proxy's answer)")}[/]"),
                new Text(
                    pod.Pod is null ? ""
                    : pod.OnClientNode ? $"{pod.Pod.Node} ← client"
                    : pod.Pod.Node
                ),
                Number(pod.OkPerSecond),
                Number(pod.FailedPerSecond),
                new Text(share.ToString("P0", CultureInfo.InvariantCulture)),
                new Markup($"[{color}]{bar}[/]")
            );
        }
        return new Rows(new Markup($"[blue]›[/] {Markup.Escape(_step)}"), table, Keys());
    }

    private Markup Keys() => new($"[grey]{Markup.Escape(Footer?.Invoke() ?? "")}[/]");

    private static Text Number(double value) => new(value.ToString("0.0", CultureInfo.InvariantCulture));

    private static TableColumn Right(string title) => new TableColumn(title).RightAligned();
}
