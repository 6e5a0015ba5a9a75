using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>
/// What a SYN on the service entry of an earlier connection does, live and by release: all ports of a client are used
/// once, one of three Pods is replaced meanwhile without traffic, and all ports are used again. The share of the new
/// Pod is compared with what bpf/lib/lb.h of the releases did.
/// </summary>
public class ReopenByReleaseTests(ITestOutputHelper output)
{
    private const int Ports = 600;
    private const int FirstPort = 20_000;

    /// <param name="Release">The release.</param>
    /// <param name="Fin">Whether the node sees the end of connections: <c>seen</c> or <c>lost</c>.</param>
    /// <param name="Grace">The grace of 1.12 to 1.15: longer than the test takes, or shorter.</param>
    /// <param name="Measured">The share of the new one with Cilium's own code.</param>
    private sealed record Row(string Release, string Fin, string Grace, double Measured);

    private static readonly Row[] s_rows =
    [
        new("1.9.0", "seen", "60s", 0.116),
        new("1.12.0", "seen", "1h", 0.110),
        new("1.12.0", "seen", "1ms", 0.325),
        new("1.15.9", "seen", "1h", 0.110),
        new("1.15.9", "seen", "1ms", 0.325),
        new("1.16.0", "seen", "60s", 0.325),
        new("1.16.0", "lost", "60s", 0.11),
        new("1.17.0", "seen", "60s", 0.325),
        new("1.17.0", "lost", "60s", 0.11),
        new("1.19.4", "seen", "60s", 0.315),
        new("1.19.4", "lost", "60s", 0.11),
    ];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_share_of_a_new_pod_is_that_of_ciliums_own_code()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var service = await lab.Api.CoreV1.ReadNamespacedServiceAsync("backend-1", "backend", cancellationToken: Stop);
        var vip = lab.EndPoint(service.Spec.ClusterIP);
        List<string> wrong = [];
        output.WriteLine("release  end   grace  share  measured  ±4 standard errors");
        foreach (var (number, row) in s_rows.Index())
        {
            await lab.RestartAgentsAsync(
                ("sandbox-cilium-version", row.Release),
                ("sandbox-fin", row.Fin),
                ("sandbox-conntrack-reopen-grace", row.Grace)
            );
            var (client, backends) = await lab.ReadyAsync();
            var source = IPAddress.Parse(client.Status.PodIP);
            var ports = Enumerable.Range(FirstPort + number * Ports, Ports).ToList();
            await AnswersAsync(source, vip, ports);
            var added = await ReplaceAsync(lab, backends, source, vip);
            var answers = await AnswersAsync(source, vip, ports);

            answers.Count.ShouldBe(Ports);
            var share = answers.Count(pod => pod == added) / (double)Ports;
            var tolerance = 4 * Math.Sqrt(row.Measured * (1 - row.Measured) / Ports);
            var line = string.Create(
                CultureInfo.InvariantCulture,
                $"{row.Release, -8} {row.Fin, -5} {row.Grace, -5} {share, 6:0.000}  {row.Measured, 8:0.000}  {tolerance:0.000}"
            );
            output.WriteLine(line);
            if (Math.Abs(share - row.Measured) > tolerance)
                wrong.Add(line);
        }
        wrong.ShouldBeEmpty();
    }

    /// <summary>Deletes a Pod and waits until the one in its place takes connections; gives its name. These come from
    /// other ports.</summary>
    private static async Task<string> ReplaceAsync(
        LiveLab lab,
        IReadOnlyList<V1Pod> backends,
        IPAddress source,
        IPEndPoint vip
    )
    {
        await lab.Api.CoreV1.DeleteNamespacedPodAsync(backends[0].Name(), "backend", cancellationToken: Stop);
        var known = backends.Select(b => b.Name()).ToHashSet(StringComparer.Ordinal);
        return await Eventually.GetAsync("the new pod answers", async () =>
        {
            var pod = await TryAnswerAsync(source, vip, 0);
            return pod is null || known.Contains(pod) ? null : pod;
        });
    }

    /// <summary>The Pods that answer, one for each port; each connection is closed by the client.</summary>
    private static async Task<IReadOnlyList<string>> AnswersAsync(IPAddress source, IPEndPoint vip, List<int> ports)
    {
        List<string> pods = [];
        foreach (var some in ports.Chunk(8))
            pods.AddRange(
                await Task.WhenAll(
                    some.Select(port =>
                        Eventually.GetAsync($"port {port} has an answer", () => TryAnswerAsync(source, vip, port))
                    )
                )
            );
        return pods;
    }

    private static async Task<string?> TryAnswerAsync(IPAddress source, IPEndPoint vip, int port)
    {
        try
        {
            using var connection = await RawConnection.OpenAsync(source, vip, port);
            await connection.RequestAsync("POST", "foo");
            var answer = await connection.ReadUntilAsync("body=foo");
            return answer.Split("\r\n").First(l => l.StartsWith("X-Pod: ", StringComparison.OrdinalIgnoreCase))[7..];
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return null;
        }
    }
}
