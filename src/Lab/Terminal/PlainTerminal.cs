using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;
using Spectre.Console;
using static System.FormattableString;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>
/// A run without a terminal as standard output: a line for each step and for each second, the verdict and the cause as
/// soon as they are known, and the summary at the end.
/// </summary>
public sealed class PlainTerminal(IAnsiConsole console) : IRunListener
{
    /// <summary>Columns of a line.</summary>
    private const int Width = 100;

    /// <summary>From this number of Pods on, a line has their sum.</summary>
    private const int ManyPods = 6;

    private LiveSample? _sample;
    private (VerdictKind? Verdict, string? Cause) _known;

    /// <summary>Whether the summary has all counts.</summary>
    public bool Verbose { get; init; }

    /// <inheritdoc/>
    public void OnCluster(ClusterIdentity cluster)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        if (cluster.Notice is { Length: > 0 } notice)
            console.WriteLine(notice);
    }

    /// <inheritdoc/>
    public void OnStep(string what) => console.WriteLine($"› {what}");

    /// <inheritdoc/>
    public void OnLeft(string what) => console.WriteUnbroken($"› {what}");

    /// <inheritdoc/>
    public bool WantsProgress => true;

    /// <inheritdoc/>
    public void OnPhase(PhaseStep phase) => _known = default;

    /// <inheritdoc/>
    public void OnCounters(SeriesSample newest, ImmutableArray<BackendPod> pods, string clientNode) { }

    /// <inheritdoc/>
    public void OnProgress(RunReport report)
    {
        if (_sample is not { } sample)
            return;
        var status = RunStatus.Of(report, sample);
        if (status.Verdict?.Kind is VerdictKind.Skewed && _known.Verdict is not VerdictKind.Skewed)
            Write($"{StateLooks.Of(status).Mark} {status.Title}");
        if (status.Cause is { } cause && cause.Name != _known.Cause)
            Write($"  cause: {cause.Name}: {cause.Sentence}");
        _known = (status.Verdict?.Kind, status.Cause?.Name ?? _known.Cause);
    }

    /// <inheritdoc/>
    public void OnSample(LiveSample sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        var isNewSecond = _sample is null || (int)sample.Elapsed.TotalSeconds != (int)_sample.Elapsed.TotalSeconds;
        _sample = sample;
        if (isNewSecond)
            Write(Invariant($"  {sample.Elapsed.TotalSeconds, 3:0} s  {RatesOf(sample)}"));
    }

    /// <inheritdoc/>
    public void OnReport(RunReport report) => SummaryText.Write(report, console, Verbose);

    private static string RatesOf(LiveSample sample)
    {
        var pods = sample.Pods.Where(p => p.Pod is not null).ToList();
        var names = ShortNames.Of(pods.Select(p => p.Pod!.Name));
        var answers =
            pods.Count < ManyPods
                ? string.Join("  ", pods.Select(p => Invariant($"{names[p.Pod!.Name]} {p.OkPerSecond:0.0}"))) + " ok/s"
                : Invariant(
                    $"{pods.Count(p => p.OkPerSecond > 0)} of {pods.Count} pods: {sample.OkPerSecond:0.0} ok/s"
                );
        return sample.FailedPerSecond > 0 ? Invariant($"{answers}, {sample.FailedPerSecond:0.0} failed/s") : answers;
    }

    private void Write(string line) => console.WriteLine(StyledLine.Fit(line, Width));
}
