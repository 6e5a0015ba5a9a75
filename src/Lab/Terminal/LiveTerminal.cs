using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using Spectre.Console;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>
/// A run on a terminal: the Pods live, then the summary. Call <see cref="RunAsync"/> around the run.
/// </summary>
public sealed class LiveTerminal(IAnsiConsole console) : IRunListener
{
    private LiveDisplayContext? _live;
    private string _step = "";
    private string? _left;
    private PhaseStep? _begins;
    private PhaseProgress? _phase;
    private LiveSample? _sample;
    private RunReport? _report,
        _progress;
    private ClusterIdentity _cluster = ClusterIdentity.Unknown;

    /// <summary>Lines below the Pods for a number of columns, such as the keys for commands.</summary>
    public Func<int, IReadOnlyList<string>> Footer { get; init; } = _ => [];

    /// <summary>The link of the live page; null where there is none.</summary>
    public Uri? Page { get; init; }

    /// <summary>Whether the summary has all counts.</summary>
    public bool Verbose { get; init; }

    /// <summary>Shows the Pods during the run, then the summary.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        (_progress, _sample, _phase, _left) = (null, null, null, null);
        try
        {
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
                SummaryText.Write(_report, console, Verbose);
            _report = null;
            return result;
        }
        finally
        {
            // The live display is cleared: what was written during it is gone.
            if (_left is not null)
                console.WriteUnbroken(_left);
        }
    }

    /// <inheritdoc/>
    public void OnLeft(string what) => _left = _left is null ? what : $"{_left}\n{what}";

    /// <inheritdoc/>
    public void OnStep(string what)
    {
        (_step, _phase) = (what, null);
        Show();
    }

    /// <inheritdoc/>
    public void OnCluster(ClusterIdentity cluster) => _cluster = cluster;

    /// <inheritdoc/>
    public bool WantsProgress => true;

    /// <inheritdoc/>
    public void OnPhase(PhaseStep phase) => _begins = phase;

    /// <inheritdoc/>
    public void OnCounters(SeriesSample newest, ImmutableArray<BackendPod> pods, string clientNode) { }

    /// <inheritdoc/>
    public void OnProgress(RunReport report) => _progress = report;

    /// <inheritdoc/>
    public void OnSample(LiveSample sample)
    {
        if (_begins is { } phase && phase.Duration != Timeout.InfiniteTimeSpan)
            _phase = PhaseProgress.Begin(phase, sample);
        (_begins, _sample) = (null, sample);
        Show();
    }

    /// <inheritdoc/>
    public void OnReport(RunReport report) => _report = report;

    private void Show()
    {
        if (_live is null)
            return;
        var columns = console.Profile.Width;
        var screen = new LiveScreen
        {
            Size = (columns, console.Profile.Height),
            Cluster = _cluster,
            Step = _step,
            Phase = _phase,
            Sample = _sample,
            Report = _progress,
            Page = Page,
            Footer = Footer(columns),
        };
        _live.UpdateTarget(new Rows(screen.Lines().Select(l => new Markup(l) { Overflow = Overflow.Crop })));
    }
}
