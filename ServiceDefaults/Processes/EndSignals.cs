using System.Runtime.InteropServices;

namespace CiliumDebugging.ServiceDefaults.Processes;

/// <summary>
/// The signals that end a program: SIGINT (Ctrl-C), SIGTERM, and SIGHUP (its terminal was closed). None of them ends
/// the process by itself while this object exists.
/// </summary>
public sealed class EndSignals : IDisposable
{
    private readonly CancellationTokenSource _first = new();
    private readonly List<PosixSignalRegistration> _registrations;
    private volatile int _exitCode;

    /// <param name="onSignal">Called at each signal with the exit code it gives the process.</param>
    public EndSignals(Action<ExitCode>? onSignal = null)
    {
        _registrations =
        [
            .. new[]
            {
                (PosixSignal.SIGINT, ServiceDefaults.ExitCode.Interrupted),
                (PosixSignal.SIGTERM, ServiceDefaults.ExitCode.Terminated),
                (PosixSignal.SIGHUP, ServiceDefaults.ExitCode.HungUp),
            }.Select(s => PosixSignalRegistration.Create(s.Item1, context =>
                {
                    context.Cancel = true;
                    Interlocked.CompareExchange(ref _exitCode, (int)s.Item2, 0);
                    onSignal?.Invoke((ExitCode)_exitCode);
                    _first.Cancel();
                })),
        ];
    }

    /// <summary>Cancelled at the first signal.</summary>
    public CancellationToken Token => _first.Token;

    /// <summary>Exit code for the first signal, 128 and its number; null before there is one.</summary>
    public ExitCode? ExitCode => _exitCode is 0 ? null : (ExitCode)_exitCode;

    /// <inheritdoc/>
    public void Dispose()
    {
        _registrations.ForEach(r => r.Dispose());
        _first.Dispose();
    }
}
