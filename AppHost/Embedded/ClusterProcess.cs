using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.ClusterSetup.Embedded.Kubelet;
using CiliumDebugging.ClusterSetup.Scenarios;
using CiliumDebugging.ClusterSetup.Topology;
using CiliumDebugging.ServiceDefaults.Pods;

namespace CiliumDebugging.AppHost.Embedded;

/// <summary>The <c>cluster</c> process as a child of the embedded host.</summary>
internal sealed class ClusterProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(30);
    private readonly DotnetProcess _process;
    private readonly CancellationTokenSource _exited = new();
    private readonly Task _watching;

    private ClusterProcess(DotnetProcess process, string apiToken, ClusterCommand.Ready ready)
    {
        (_process, ApiToken, ApiUrl, AuthorityPem, Notice) = (process, apiToken, ready.ApiUrl, ready.AuthorityPem, ready.Notice);
        _watching = WatchAsync();
    }

    /// <summary>URL of the Kubernetes API.</summary>
    public Uri ApiUrl { get; }

    /// <summary>The authority to trust, PEM.</summary>
    public string? AuthorityPem { get; }

    /// <summary>Bearer token of the API.</summary>
    public string ApiToken { get; }

    /// <summary>What the user should know; null for nothing.</summary>
    public string? Notice { get; }

    /// <summary>Cancelled when the process has ended.</summary>
    public CancellationToken Exited => _exited.Token;

    /// <summary>The last lines the process wrote.</summary>
    public string LastWords => string.Join(Environment.NewLine, _process.Output.TakeLast(10));

    /// <summary>Starts the process and waits until the cluster is ready.</summary>
    /// <exception cref="LabUsageException">The cluster refuses what was asked: a setting, a port.</exception>
    /// <exception cref="TimeoutException">It is not ready within 30 s.</exception>
    public static async Task<ClusterProcess> StartAsync(LabOptions options, CancellationToken cancellationToken)
    {
        var token = LabProcesses.NewApiToken();
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [LabTopology.EnvironmentVariable] = options.Topology.ToJson(),
            [LabProcesses.Kubelet] = "true",
            [LabProcesses.ApiTls] = "true",
            [LabProcesses.CiliumConfig] = options.CiliumConfig,
            [PodEnvironment.ApiToken] = token,
        };
        if (options.PortOffset is { } offset) environment[LabProcesses.PortOffset] = offset.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var ready = new TaskCompletionSource<ClusterCommand.Ready>(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = DotnetProcess.Start("ClusterSetup", ["cluster", "--exit-with-stdin"], environment, TimeProvider.System,
            line => { if (ClusterCommand.ParseReady(line) is { } parsed) ready.TrySetResult(parsed); }, keepInputOpen: true);
        try
        {
            var exit = process.WaitForExitAsync(cancellationToken);
            if (await Task.WhenAny(ready.Task, exit).WaitAsync(ReadyLimit, TimeProvider.System, cancellationToken) == ready.Task)
                return new ClusterProcess(process, token, await ready.Task);
            await exit;
            var words = string.Join(Environment.NewLine, process.Output);
            throw process.ExitCode == (int)RunOutcome.BadUsage ? new LabUsageException(words) : new InvalidOperationException($"the cluster process ended with exit code {process.ExitCode}: {words}");
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    private async Task WatchAsync()
    {
        await _process.WaitForExitAsync(CancellationToken.None);
        await _exited.CancelAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await _watching;
        _exited.Dispose();
    }
}
