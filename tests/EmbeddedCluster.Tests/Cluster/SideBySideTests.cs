using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.EmbeddedCluster.Configuration;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Testing;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>Clusters share a machine with each other and with other programs, and leave nothing behind.</summary>
[Collection(LiveClusters.Name)]
public class SideBySideTests
{
    private static readonly OriginalReportScenario s_short = new()
    {
        Steps =
        [
            OriginalReportScenario.ApplyBackend,
            OriginalReportScenario.ApplyLoadTest,
            OriginalReportScenario.Phase("observe", 1.5),
        ],
        Rate = 100,
    };

    [Fact]
    public async Task Two_clusters_at_once_do_not_see_each_other()
    {
        var started = await Task.WhenAll(
            LiveLab.StartAsync(ClusterTopology.Default, ("proxy-connect-timeout", "100ms")),
            LiveLab.StartAsync(ClusterTopology.Default, ("proxy-connect-timeout", "100ms"))
        );
        await using var one = started[0];
        await using var other = started[1];
        var reports = await Task.WhenAll(one.RunAsync(s_short.Load()), other.RunAsync(s_short.Load()));
        foreach (var report in reports)
        {
            report.Reconciliation.Where(r => r.Difference != 0).ShouldBeEmpty();
            report.Phases[0].Pods.Single(p => p.Ok > 0).OnClientNode.ShouldBeTrue();
            report.Phases[0].ByStatus.Keys.ShouldBe([200, 503]);
        }
        var addresses = (await one.ReadyAsync())
            .Backends.Concat((await other.ReadyAsync()).Backends)
            .Select(p => p.Status.PodIP)
            .ToList();
        addresses.Distinct().Count().ShouldBe(6);
    }

    [Fact]
    public async Task Beside_a_listener_on_all_addresses_the_cluster_takes_other_ports_and_names_who_is_in_the_way()
    {
        using var listener = ListenOnAllAddresses(8080);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        await using var lab = await LiveLab.StartAsync(
            ClusterTopology.Create("cluster", workers: 3, port: port),
            ("proxy-connect-timeout", "100ms")
        );
        lab.Cluster.PortOffset.ShouldBeGreaterThan(0);
        lab.Cluster.Notice.ShouldNotBeNull();
        lab.Cluster.Notice.ShouldContain($"port {port} is held on all addresses by ");
        lab.Cluster.Notice.ShouldContain($"{lab.Cluster.PortOffset} higher");
        if (OperatingSystem.IsLinux())
            lab.Cluster.Notice.ShouldContain($"(pid {Environment.ProcessId})");
        OriginalReportScenario scenario = s_short with
        {
            Url = $"http://backend-1.backend:{port}/echo",
            Names = [("\"8080\"", $"\"{port}\"")],
        };
        var report = await lab.RunAsync(scenario.Load());
        report.Phases[0].Pods.Single(p => p.Ok > 0).OnClientNode.ShouldBeTrue();
        report.Reconciles.ShouldBeTrue();
    }

    [Fact]
    public async Task An_offset_that_was_asked_for_is_used_and_objects_keep_the_plain_port()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default, portOffset: 12_345);
        lab.Cluster.PortOffset.ShouldBe(12_345);
        var (_, backends) = await lab.ReadyAsync();
        backends[0].Spec.Containers[0].Ports[0].ContainerPort.ShouldBe(8080);
        using var connection = await RawConnection.OpenAsync(
            IPAddress.Loopback,
            new IPEndPoint(IPAddress.Parse(backends[0].Status.PodIP), 20_425)
        );
        await connection.RequestAsync("POST", "foo");
        (await connection.ReadUntilAsync("body=foo")).ShouldContain($"X-Pod: {backends[0].Name()}");
    }

    [Fact]
    public async Task An_offset_that_was_asked_for_and_leads_to_a_port_in_use_is_refused_with_the_owners_name()
    {
        using var listener = ListenOnAllAddresses(0);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        var message = (
            await Should.ThrowAsync<ClusterStartException>(() =>
                LiveLab.StartAsync(ClusterTopology.Default, portOffset: port - 8080)
            )
        ).Message;
        message.ShouldContain($"port {port} is held on all addresses by ");
        message.ShouldContain("--port-offset");
        message.ShouldNotContain(Environment.NewLine);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(50_001)]
    public async Task An_offset_out_of_range_is_refused(int offset) =>
        (
            await Should.ThrowAsync<ClusterStartException>(() =>
                LiveLab.StartAsync(ClusterTopology.Default, portOffset: offset)
            )
        ).Message.ShouldContain($"port offset {offset} is out of range");

    [Fact]
    public async Task A_bad_setting_is_refused_before_anything_starts()
    {
        var message = (
            await Should.ThrowAsync<ClusterStartException>(() =>
                LiveLab.StartAsync(ClusterTopology.Default, ("tunnel", "gre"), ("nonsense", "1"))
            )
        ).Message;
        message.Split(Environment.NewLine).Length.ShouldBe(2);
    }

    [Fact]
    public async Task A_disposed_cluster_leaves_no_process_and_no_listener_behind_within_3_seconds()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        await using var _ = lab;
        var (_, backends) = await lab.ReadyAsync();
        await lab.RunAsync(
            (
                s_short with
                {
                    Steps =
                    [
                        OriginalReportScenario.ApplyBackend,
                        OriginalReportScenario.ApplyLoadTest,
                        OriginalReportScenario.Phase("observe", 1),
                    ],
                }
            ).Load()
        );
        lab.Cluster.Datapath.Path.Nodes.Sum(n => n.Sockets.Count)
            .ShouldBe(0, "a drained cluster holds no proxy socket");
        var block = IPAddress.Parse(backends[0].Status.PodIP).GetAddressBytes()[1];
        Listeners(block).Count.ShouldBeGreaterThan(0);
        var children = PodsOf(lab);
        children.Count.ShouldBe(4);

        var since = Stopwatch.GetTimestamp();
        await lab.DisposeAsync();
        Stopwatch.GetElapsedTime(since).ShouldBeLessThan(TimeSpan.FromSeconds(3));
        PodsOf(lab).ShouldBeEmpty();
        Listeners(block).ShouldBeEmpty();
    }

    /// <summary>
    /// A listener as a development server is one: on 0.0.0.0; on another port when this machine has that one in use.
    /// </summary>
    private static Socket ListenOnAllAddresses(int port)
    {
        foreach (var candidate in (int[])[port, .. Enumerable.Range(9_300, 50)])
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Any, candidate == 0 ? 9_299 : candidate));
                socket.Listen(1);
                return socket;
            }
            catch (SocketException)
            {
                socket.Dispose();
            }
        }
        throw new InvalidOperationException("no port of this machine is free");
    }

    /// <summary>
    /// The processes of a cluster's Pods: they know its API. Other tests of this process have children of their own.
    /// </summary>
    private static List<int> PodsOf(LiveLab lab) =>
        [
            .. Directory
                .EnumerateDirectories("/proc")
                .Select(d =>
                    int.TryParse(Path.GetFileName(d), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                        ? id
                        : 0
                )
                .Where(id => id > 0 && ParentOf(id) == Environment.ProcessId && Knows(id, lab.Cluster.ApiUrl)),
        ];

    private static bool Knows(int process, Uri api)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/environ").Contains($"{api}", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static int ParentOf(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return int.Parse(
                stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
                CultureInfo.InvariantCulture
            );
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>Listening sockets in a cluster's four blocks, 127.block to 127.(block + 3).</summary>
    private static List<string> Listeners(byte block) =>
        [
            .. File.ReadLines("/proc/net/tcp")
                .Skip(1)
                .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(f =>
                    f[3] == "0A"
                    && f[1].AsSpan(6, 2) is "7F"
                    && int.Parse(f[1].AsSpan(4, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) is var second
                    && second >= block
                    && second < block + 4
                )
                .Select(f => f[1]),
        ];
}
