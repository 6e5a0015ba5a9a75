using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace CiliumDebugging.Bench.Prometheus;

/// <summary>A series of a query over time: unix seconds and value.</summary>
/// <param name="Labels">Its labels.</param>
/// <param name="Points">Its values.</param>
internal sealed record Series(
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyList<(double At, double Value)> Points
);

/// <summary>A Prometheus as a child process, on a loopback port, with its data in a directory of its own.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private static readonly TimeSpan s_readyLimit = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly HttpClient _http;

    private PrometheusServer(Process process, Uri url) =>
        (_process, _http, Url) = (process, new HttpClient { BaseAddress = url }, url);

    /// <summary>Its address.</summary>
    public Uri Url { get; }

    /// <summary>Starts it and waits until it is ready.</summary>
    /// <param name="directory">Where its data go.</param>
    /// <param name="config">Its configuration file.</param>
    /// <param name="time">Time source.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidOperationException">It ended by itself; the message has its last words.</exception>
    public static async Task<PrometheusServer> StartAsync(
        string directory,
        string config,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        var port = FreePort();
        var start = new ProcessStartInfo("prometheus") { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (
            var argument in (string[])
                [
                    $"--config.file={config}",
                    $"--storage.tsdb.path={Path.Combine(directory, "data")}",
                    $"--web.listen-address=127.0.0.1:{port}",
                    "--log.level=warn",
                ]
        )
            start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        var words = new List<string>();
        void Keep(string? line)
        {
            lock (words)
                if (line is not null && words.Count < 100)
                    words.Add(line);
        }
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.OutputDataReceived += (_, e) => Keep(e.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var server = new PrometheusServer(
            process,
            new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/"))
        );
        try
        {
            var started = time.GetTimestamp();
            while (!await server.IsReadyAsync(cancellationToken))
            {
                if (process.HasExited || time.GetElapsedTime(started) > s_readyLimit)
                    throw new InvalidOperationException(
                        $"Prometheus is not ready: {string.Join(Environment.NewLine, words)}"
                    );
                await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellationToken);
            }
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Its version.</summary>
    public async Task<string> VersionAsync(CancellationToken cancellationToken)
    {
        using var answer = JsonDocument.Parse(
            await _http.GetStringAsync(new Uri("api/v1/status/buildinfo", UriKind.Relative), cancellationToken)
        );
        return answer.RootElement.GetProperty("data").GetProperty("version").GetString()!;
    }

    /// <summary>Evaluates a query at every second between two instants.</summary>
    public async Task<IReadOnlyList<Series>> RangeAsync(
        string query,
        double start,
        double end,
        CancellationToken cancellationToken
    )
    {
        var path = string.Create(
            CultureInfo.InvariantCulture,
            $"api/v1/query_range?query={Uri.EscapeDataString(query)}&start={start:0.000}&end={end:0.000}&step=1"
        );
        using var answer = JsonDocument.Parse(
            await _http.GetStringAsync(new Uri(path, UriKind.Relative), cancellationToken)
        );
        return
        [
            .. answer
                .RootElement.GetProperty("data")
                .GetProperty("result")
                .EnumerateArray()
                .Select(series => new Series(
                    series
                        .GetProperty("metric")
                        .EnumerateObject()
                        .ToDictionary(l => l.Name, l => l.Value.GetString()!, StringComparer.Ordinal),
                    [
                        .. series
                            .GetProperty("values")
                            .EnumerateArray()
                            .Select(v =>
                                (v[0].GetDouble(), double.Parse(v[1].GetString()!, CultureInfo.InvariantCulture))
                            ),
                    ]
                )),
        ];
    }

    /// <summary>Evaluates a query at one instant.</summary>
    public async Task<IReadOnlyList<Series>> AtAsync(string query, double at, CancellationToken cancellationToken) =>
        await RangeAsync(query, at, at, cancellationToken);

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync(new Uri("-/ready", UriKind.Relative), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
