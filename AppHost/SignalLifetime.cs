using CiliumDebugging.ServiceDefaults.Processes;
using Microsoft.Extensions.Hosting;

namespace CiliumDebugging.AppHost;

/// <summary>
/// Ends the application with the exit code of the signal at Ctrl-C, SIGTERM or a closed terminal. It replaces the
/// host's console lifetime: beside that one, which also stops the application, the exit code could be read before it
/// was set.
/// </summary>
internal sealed class SignalLifetime(IHostApplicationLifetime application) : IHostLifetime, IDisposable
{
    private EndSignals? _signals;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _signals = new EndSignals(exitCode =>
        {
            Environment.ExitCode = (int)exitCode;
            application.StopApplication();
        });
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _signals?.Dispose();
}
