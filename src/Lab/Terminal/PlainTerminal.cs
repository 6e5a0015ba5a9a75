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
/// A run without a terminal as standard output: a line for each step and for every other second, and the summary at the
/// end.
/// </summary>
public sealed class PlainTerminal(IAnsiConsole console) : IRunListener
{
    private const int LinesEverySamples = 4;
    private int _samples;

    /// <inheritdoc/>
    public void OnCluster(ClusterIdentity cluster)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        if (cluster.Notice is { Length: > 0 } notice)
            console.WriteLine(notice);
    }

    /// <inheritdoc/>
    public void OnStep(string what)
    {
        _samples = 0;
        console.WriteLine($"› {what}");
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
    public void OnSample(LiveSample sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        if (++_samples % LinesEverySamples != 0)
            return;
        var pods = sample.Pods.Select(p =>
            F($"{p.Pod?.Name ?? "(no pod)"} {p.OkPerSecond:0.0} ok/s {p.FailedPerSecond:0.0} failed/s")
        );
        console.WriteLine(F($"  {sample.Elapsed.TotalSeconds:0} s: {string.Join(", ", pods)}"));
    }

    /// <inheritdoc/>
    public void OnReport(RunReport report) => SummaryText.Write(report, console);

    private static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
