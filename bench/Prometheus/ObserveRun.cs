using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.Bench.Prometheus;

/// <summary>What one <c>observe</c>, as a process of its own, is expected to say.</summary>
/// <param name="When">The state of the cluster.</param>
/// <param name="Source">Where the counters come from.</param>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Diagnosis">
/// The diagnosis; null where any will do (a watch ends at the first skew, before the evidence of a mechanism need be
/// complete).
/// </param>
internal sealed record ObserveExpectation(string When, string Source, int ExitCode, string? Diagnosis);

/// <summary>What it said.</summary>
/// <param name="Expected">What it was to say.</param>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Seconds">How long it ran, s.</param>
/// <param name="Report">Its report.json; null when it wrote none.</param>
/// <param name="Output">What it printed.</param>
internal sealed record ObserveResult(
    ObserveExpectation Expected,
    int ExitCode,
    double Seconds,
    ReportDocument? Report,
    IReadOnlyList<string> Output
)
{
    /// <summary>Whether it is as expected.</summary>
    public bool Passes =>
        ExitCode == Expected.ExitCode
        && Report is not null
        && (Expected.Diagnosis is null || Report.Diagnosis.Name == Expected.Diagnosis);
}

/// <summary>A running <c>observe</c>.</summary>
internal sealed class ObserveRun : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(4);
    private readonly TaskCompletionSource _observing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ObserveExpectation _expected;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lab-observe-");
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly DotnetProcess _process;

    private ObserveRun(ObserveExpectation expected, string kubeconfig, IEnumerable<string> arguments, TimeProvider time)
    {
        (_expected, _time, _started) = (expected, time, time.GetTimestamp());
        _process = DotnetProcess.Start(
            "ClusterSetup",
            ["observe", "backend/backend-1", "--kubeconfig", kubeconfig, "--output", _folder.FullName, .. arguments],
            [],
            time,
            line =>
            {
                if (line.StartsWith("› observing", StringComparison.Ordinal))
                    _observing.TrySetResult();
            }
        );
    }

    /// <summary>Starts it.</summary>
    /// <param name="expected">What it is to say.</param>
    /// <param name="kubeconfig">The cluster.</param>
    /// <param name="arguments">Further arguments.</param>
    /// <param name="time">Time source.</param>
    public static ObserveRun Start(
        ObserveExpectation expected,
        string kubeconfig,
        IEnumerable<string> arguments,
        TimeProvider time
    ) => new(expected, kubeconfig, arguments, time);

    /// <summary>Completes when it has read the cluster's objects and begins to count.</summary>
    public Task ObservingAsync(CancellationToken cancellationToken) =>
        Task.WhenAny(_observing.Task, _process.WaitForExitAsync(cancellationToken))
            .WaitAsync(s_limit, _time, cancellationToken);

    /// <summary>Waits for its end.</summary>
    public async Task<ObserveResult> ResultAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken).WaitAsync(s_limit, _time, cancellationToken);
        var report = _folder.EnumerateDirectories().SingleOrDefault();
        return new ObserveResult(
            _expected,
            _process.ExitCode,
            _time.GetElapsedTime(_started).TotalSeconds,
            report is null ? null : ReportJson.ReadFile(report.FullName),
            _process.Output
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
