using System.Diagnostics;
using System.Net.Sockets;

namespace CiliumDebugging.Backend.Tests;

/// <summary>The Backend as it is shipped: a process of its own on a loopback port.</summary>
public sealed class BackendProcess : IAsyncLifetime
{
    private Process? _process;

    public HttpClient Client { get; } = new();

    public const string PodName = "backend-1-test-abcde";

    public const string NodeName = "cluster-worker2";

    public async ValueTask InitializeAsync()
    {
        var port = FreePort();
        Client.BaseAddress = new Uri($"http://127.0.0.1:{port}");
        var start = new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "Backend.dll")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ASPNETCORE_URLS"] = Client.BaseAddress.ToString();
        start.Environment["POD_NAME"] = PodName;
        start.Environment["NODE_NAME"] = NodeName;
        _process = Process.Start(start)!;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await IsHealthyAsync(deadline.Token))
            await Task.Yield();
    }

    private async Task<bool> IsHealthyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await Client.GetAsync("/health", cancellationToken)).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            await Task.Delay(50, cancellationToken);
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_process is null)
            return;
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
