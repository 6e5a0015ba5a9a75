using System.Net;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.ServiceDefaults.Pods;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>The datapath cannot be bypassed: policy applies whichever way a Pod is dialled.</summary>
public class PodIsolationTests
{
    [Fact]
    public async Task Policy_holds_through_pod_address_and_service_address_alike_and_the_backing_address_is_closed()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var (client, backends) = await lab.ReadyAsync();
        await lab.ApplyAsync("backend-policy.yaml");
        var service = await lab.Api.CoreV1.ReadNamespacedServiceAsync(
            "backend-1",
            "backend",
            cancellationToken: TestContext.Current.CancellationToken
        );
        IPEndPoint[] ways = [lab.EndPoint(backends[0].Status.PodIP), lab.EndPoint(service.Spec.ClusterIP)];
        var before = await lab.CountersAsync();

        await AllowedClientIsAnsweredAndItsDeleteIsDeniedAsync(IPAddress.Parse(client.Status.PodIP), ways);
        await OtherPodIsDroppedAsync(IPAddress.Parse(backends[1].Status.PodIP), ways, lab, before);
        var counted = (await lab.CountersAsync()).Since(before);
        counted.Echo.Values.Sum().ShouldBe(2, "one POST each way reached a backend, nothing else did");
        counted.Drops.GetValueOrDefault("POLICY_DENIED").ShouldBe(2);

        foreach (var pod in backends)
            await BackingAddressIsClosedAsync(pod, lab);
        (await lab.CountersAsync()).Since(before).Echo.Values.Sum().ShouldBe(2);
    }

    private static async Task AllowedClientIsAnsweredAndItsDeleteIsDeniedAsync(IPAddress client, IPEndPoint[] ways)
    {
        foreach (var way in ways)
        {
            using var connection = await RawConnection.OpenAsync(client, way);
            await connection.RequestAsync("DELETE");
            var denied = await connection.ReadUntilAsync("Access denied\r\n");
            denied.ShouldStartWith("HTTP/1.1 403 ");
            denied.ShouldEndWith("\r\n\r\nAccess denied\r\n");
            // The connection is kept: the same one may POST.
            await connection.RequestAsync("POST", "foo");
            var answer = await connection.ReadUntilAsync("body=foo");
            answer.ShouldStartWith("HTTP/1.1 200 ");
            answer.ShouldContain("X-Pod: backend-1-");
        }
    }

    private static async Task OtherPodIsDroppedAsync(
        IPAddress other,
        IPEndPoint[] ways,
        LiveLab lab,
        CiliumDebugging.Measurement.Counters.ClusterCounters before
    )
    {
        var connections = new List<RawConnection>();
        try
        {
            foreach (var way in ways)
            {
                var connection = await RawConnection.OpenAsync(other, way);
                connections.Add(connection);
                await connection.RequestAsync("POST", "foo");
            }
            await Eventually.HoldsAsync("both connections are counted as dropped", async () =>
                (await lab.CountersAsync()).Since(before).Drops.GetValueOrDefault("POLICY_DENIED") == 2
            );
            connections.ShouldAllBe(c => c.IsSilentFor(TimeSpan.FromMilliseconds(300)));
        }
        finally
        {
            connections.ForEach(c => c.Dispose());
        }
    }

    private static async Task BackingAddressIsClosedAsync(V1Pod pod, LiveLab lab)
    {
        var backing = lab.EndPoint(pod.GetAnnotation(SandboxContract.BackingAddress));
        using var plain = await RawConnection.OpenAsync(IPAddress.Loopback, backing);
        await plain.RequestAsync("POST", new string('x', 200));
        (await plain.ReadToEndAsync()).ShouldBe(0);

        // The token of another Pod does not open this one.
        var header = new byte[ProxyProtocol.HeaderLength];
        var somewhere = new IPEndPoint(IPAddress.Loopback, 40_000);
        ProxyProtocol.Write(header, somewhere, somewhere, SandboxContract.ConnectionToken(lab.Token, "another uid"));
        using var forged = await RawConnection.OpenAsync(IPAddress.Loopback, backing);
        // Header and request in one piece: the Pod may reset the connection as soon as it has seen the header.
        await forged.SendAsync(
            System.Text.Encoding.Latin1.GetString(header)
                + "POST /echo HTTP/1.1\r\nHost: backend\r\nContent-Length: 3\r\n\r\nfoo"
        );
        (await forged.ReadToEndAsync()).ShouldBe(0);
    }
}
