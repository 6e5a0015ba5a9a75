using System.Runtime.InteropServices;
using CiliumDebugging.ServiceDefaults;
using Microsoft.Extensions.Hosting;

namespace CiliumDebugging.AppHost;

/// <summary>
/// Ends the application with exit code 130 at Ctrl-C, SIGTERM or a closed terminal. It replaces the host's
/// console lifetime: beside that one, which also stops the application, the exit code could be read before it was set.
/// </summary>
internal sealed class SignalLifetime(IHostApplicationLifetime application) : IHostLifetime, IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        PosixSignal[] signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
        _registrations.AddRange(signals.Select(s => PosixSignalRegistration.Create(s, Interrupt)));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _registrations.ForEach(r => r.Dispose());

    private void Interrupt(PosixSignalContext context)
    {
        context.Cancel = true;
        Environment.ExitCode = (int)ExitCode.Interrupted;
        application.StopApplication();
    }
}
