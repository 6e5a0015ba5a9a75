using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace CiliumDebugging.Lab.Tests.Running.Existing;

public class SysdumpTests
{
    /// <summary>As in Kubernetes 1.19: none under v1; under v1beta1 node and zone are in the topology.</summary>
    private const string OldSlices = """
        {"apiVersion":"discovery.k8s.io/v1beta1","kind":"EndpointSliceList","items":[{"addressType":"IPv4",
         "metadata":{"name":"backend-1-x","namespace":"backend"},"ports":[{"name":"http","port":8080,"protocol":"TCP"}],
         "endpoints":[{"addresses":["10.244.1.99"],"conditions":{"ready":true},
                       "targetRef":{"kind":"Pod","name":"b1","namespace":"backend"},
                       "topology":{"kubernetes.io/hostname":"w1","topology.kubernetes.io/zone":"z1"}},
                      {"addresses":["10.244.3.41"],"conditions":{"ready":true},
                       "targetRef":{"kind":"Pod","name":"b3","namespace":"backend"},
                       "topology":{"kubernetes.io/hostname":"w3"}}]}]}
        """;

    private static readonly LoadSpec s_load = new(new Uri("http://backend-1.backend:8080/echo"), "POST", "foo", 50);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EndpointSlices_of_releases_before_1_21_are_read()
    {
        await using var api = await FakeApiServer.StartAsync(MapOldSlices);
        var slice = (
            await EndpointSlices.ListAsync(api.Client, "backend", "backend-1", Cancellation)
        ).ShouldHaveSingleItem();
        slice.Endpoints.Select(e => $"{e.NodeName} {e.Zone}").ShouldBe(["w1 z1", "w3 "]);
        (await new ClusterReader(api.Client, s_load).BackendsAsync(Cancellation))
            .Select(b => (b.Name, b.Node))
            .ShouldBe([("b1", "w1"), ("b3", "w3")]);
    }

    [Fact]
    public void The_commands_on_a_node_are_the_golden_ones()
    {
        var path = Path.Combine(Path.GetDirectoryName(Here())!, "Golden", "sysdump.txt");
        var text = string.Concat(Sysdump.Commands(15).Select(c => $"{c.File}\t{c.Command}\n"));
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            File.WriteAllText(path, text);
        File.ReadAllText(path).ShouldBe(text, $"{path} differs; UPDATE_GOLDEN=1 writes it anew");

        static string Here([CallerFilePath] string here = "") => here;
    }

    /// <summary>The lab's model of two-sided-l7: SYNs leave the tunnel on the backend's node, and are lost.</summary>
    [Fact]
    public async Task Every_node_says_its_part_and_SYNs_are_followed_from_one_side_of_the_tunnel_to_the_other()
    {
        await using var api = await FakeApiServer.StartAsync(app =>
        {
            MapOldSlices(app);
            app.MapGet("/api/v1/namespaces/kube-system/pods", c => FakeApiServer.JsonAsync(
                    c,
                    """
                    {"kind":"PodList","items":[
                     {"metadata":{"name":"agent-1","namespace":"kube-system"},
                      "spec":{"nodeName":"w1","containers":[]}},
                     {"metadata":{"name":"agent-3","namespace":"kube-system"},
                      "spec":{"nodeName":"w3","containers":[]}}]}
                    """
                ));
            app.MapGet("/api/v1/namespaces/backend/pods", c =>
                FakeApiServer.JsonAsync(c, """{"kind":"PodList","items":[]}""")
            );
            app.MapGet("/api/v1/namespaces/backend/services/backend-1", c =>
                FakeApiServer.JsonAsync(
                    c,
                    """{"kind":"Service","metadata":{"name":"backend-1"},"spec":{"clusterIP":"10.96.181.139"}}"""
                )
            );
            app.MapGet("/api/v1/namespaces/kube-system/pods/{pod}/exec", AnswerAsync);
        });
        var dump = new Sysdump(api.Client, s_load, TimeProvider.System);
        dump.BeginCapture(TimeSpan.FromSeconds(5), Cancellation);
        await dump.FinishAsync(Cancellation);

        dump.Files.Keys.Where(f => f.StartsWith("w1/", StringComparison.Ordinal))
            .ShouldBe(Sysdump.Commands(5).Select(c => $"w1/{c.File}"), ignoreOrder: true);
        dump.Files["syn-across-tunnel.txt"]
            .ShouldBe(
                "w3 -> w1: 2 connections' SYNs entered the tunnel, 1 left it, 0 of them reached the proxy, 0 the pod\n"
            );
        dump.Files["lb-against-endpointslices.txt"]
            .ShouldBe(
                "w1: the map of 10.96.181.139:8080 lacks 10.244.3.41:8080\n"
                    + "w3: the map of 10.96.181.139:8080 lacks 10.244.3.41:8080\n"
            );
        dump.Files["w1/kernel.txt"].ShouldContain("agent-1: ");
        var folder = Directory.CreateTempSubdirectory("sysdump-test-").FullName;
        dump.WriteTo(folder);
        (await File.ReadAllTextAsync(Path.Combine(folder, "sysdump", "w3", "status.txt"), Cancellation)).ShouldContain(
            "token: (hidden)"
        );
        Directory.Delete(folder, recursive: true);
    }

    private static void MapOldSlices(WebApplication app)
    {
        app.MapGet("/apis/discovery.k8s.io/v1/{**path}", c =>
            FakeApiServer.JsonAsync(c, """{"kind":"Status","code":404}""", 404)
        );
        app.MapGet("/apis/discovery.k8s.io/v1beta1/namespaces/backend/endpointslices", c =>
            FakeApiServer.JsonAsync(c, OldSlices)
        );
    }

    /// <summary>A SYN from a port of the client, as the monitor traces it.</summary>
    private static string Syn(string point, int flow, int port, string to) =>
        $"{point} flow 0x{flow} , identity 3->5 state new ifindex cilium_vxlan orig-ip 0.0.0.0: "
        + $"10.244.3.144:{port} -> {to}:8080 tcp SYN\n";

    private static async Task AnswerAsync(HttpContext context)
    {
        var (pod, command) = (context.Request.RouteValues["pod"]!.ToString(), context.Request.Query["command"].Last()!);
        using var socket = await FakeApiServer.AcceptAsync(context);
        await FakeApiServer.SendAsync(
            socket,
            1,
            command switch
            {
                _ when command.Contains("-t trace", StringComparison.Ordinal) => pod == "agent-3"
                    ? Syn("-> overlay", 1, 33001, "10.244.1.99")
                        + Syn("-> overlay", 1, 33001, "10.244.1.99")
                        + Syn("-> overlay", 2, 33003, "10.244.1.99")
                        + Syn("-> endpoint 7", 3, 33005, "10.244.3.41")
                    : Syn("<- overlay", 1, 33001, "10.244.1.99"),
                _ when command.Contains("bpf lb list", StringComparison.Ordinal) =>
                    "SERVICE ADDRESS  BACKEND ADDRESS\n10.96.181.139:8080     10.244.1.99:8080 (3)\n",
                _ when command.Contains("status --verbose", StringComparison.Ordinal) => "token: very-secret\n",
                _ => $"{pod}: {command}\n",
            }
        );
        await FakeApiServer.SendAsync(socket, 3, """{"metadata":{},"status":"Success"}""");
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("""{"metadata":{},"status":"Success"}""", null)]
    [InlineData(
        """{"status":"Failure","message":"command terminated with exit code 127","reason":"NonZeroExitCode"}""",
        "command terminated with exit code 127"
    )]
    [InlineData("no such container", "no such container")]
    public void The_status_channel_says_why_a_command_failed(string status, string? failure) =>
        PodExec.FailureIn(status).ShouldBe(failure);
}
