using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>
/// The part of a Prometheus's HTTP API that is used: instant queries of <c>selector[window]</c>, answered from scrapes
/// that a test gives, or with any other text.
/// </summary>
internal sealed class FakePrometheus : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopped = new();
    private readonly Task _serving;

    public FakePrometheus()
    {
        _listener.Start();
        _serving = ServeAsync();
    }

    public Uri Address =>
        new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}"
            )
        );

    /// <summary>The answer to a query, a whole HTTP response; null: the connection is closed.</summary>
    public Func<string, string?> Answer { get; set; } =
        _ => Json("""{"status":"success","data":{"resultType":"matrix","result":[]}}""");

    /// <summary>An endless answer instead.</summary>
    public Func<Stream, CancellationToken, Task>? Endless { get; set; }

    /// <summary>Request lines so far.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Headers of all requests so far.</summary>
    public ConcurrentQueue<string> Headers { get; } = new();

    /// <summary>An answer that is not JSON.</summary>
    public static string Text(string status, string body, string headers = "") =>
        $"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\n{headers}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}";

    public static string Json(string body, string status = "200 OK") =>
        $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}";

    /// <summary>
    /// Answers of a Prometheus that scraped <see cref="Traffic"/> every second, up to now: what <c>selector[window]</c>
    /// gives there, with the labels of docs/prometheus.yml.
    /// </summary>
    public static Func<string, string?> Scraped(Traffic traffic, int scrapes, double last) =>
        query =>
        {
            var metric = query[..query.IndexOfAny(['{', '['])];
            var series = new Dictionary<string, List<string>>(StringComparer.Ordinal);
            foreach (var pod in (string[])["agent1", "agent2", "agent3", "b1", "b2", "b3"])
            {
                var node = $"worker{pod[^1]}";
                var target =
                    pod[0] == 'a'
                        ? $"\"job\":\"hubble\",\"instance\":\"{node}:9091\",\"kubernetes_node_name\":\"{node}\",\"kubernetes_pod_name\":\"{pod}\""
                        : $"\"job\":\"backends\",\"instance\":\"{pod}:8080\",\"kubernetes_namespace\":\"backend\",\"kubernetes_pod_name\":\"{pod}\"";
                for (var scrape = 0; scrape < scrapes; scrape++)
                {
                    var at = (last - (scrapes - 1 - scrape)).ToString("0.000", CultureInfo.InvariantCulture);
                    foreach (
                        var line in $"up 1\n{traffic.Of(pod, scrape)}"
                            .Split('\n')
                            .Where(l => l.Length > 0 && l[0] != '#')
                    )
                    {
                        var (name, value) = (line[..line.LastIndexOf(' ')], line[(line.LastIndexOf(' ') + 1)..]);
                        if (name.Split('{')[0] != metric)
                            continue;
                        var own = name.Contains('{', StringComparison.Ordinal)
                            ? ","
                                + string.Join(
                                    ',',
                                    name[(name.IndexOf('{', StringComparison.Ordinal) + 1)..^1]
                                        .Split(',')
                                        .Select(l => $"\"{l.Replace("=", "\":", StringComparison.Ordinal)}")
                                )
                            : "";
                        var labels = $"{{\"__name__\":\"{metric}\",{target}{own}}}";
                        if (!series.TryGetValue(labels, out var samples))
                            series[labels] = samples = [];
                        samples.Add($"[{at},\"{value}\"]");
                    }
                }
            }
            return Json(
                $"{{\"status\":\"success\",\"data\":{{\"resultType\":\"matrix\",\"result\":[{string.Join(',', series.Select(s => $"{{\"metric\":{s.Key},\"values\":[{string.Join(',', s.Value)}]}}"))}]}}}}"
            );
        };

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var socket = await _listener.AcceptSocketAsync(_stopped.Token);
                await using var stream = new NetworkStream(socket);
                using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
                var first = await reader.ReadLineAsync(_stopped.Token) ?? "";
                var length = 0;
                while (await reader.ReadLineAsync(_stopped.Token) is { Length: > 0 } header)
                {
                    Headers.Enqueue(header);
                    if (header.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))
                        length = int.Parse(header["Content-Length: ".Length..], CultureInfo.InvariantCulture);
                }
                var body = new char[length];
                if (length > 0)
                    await reader.ReadBlockAsync(body, _stopped.Token);
                Requests.Enqueue(first);
                if (Endless is { } endless)
                {
                    await EndlessAnswer.GiveAsync(endless, stream, _stopped.Token);
                    continue;
                }
                var query = Uri.UnescapeDataString(
                    $"{first.Split(' ')[1]}?{new string(body)}".Split("query=")[1].Split('&')[0]
                );
                if (Answer(query) is not { } answer)
                    continue;
                try
                {
                    await stream.WriteAsync(Encoding.UTF8.GetBytes(answer), _stopped.Token);
                }
                catch (IOException)
                {
                    // The client has closed the connection.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The test has ended.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        await _serving;
        _listener.Dispose();
        _stopped.Dispose();
    }
}
