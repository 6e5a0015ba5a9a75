using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using CiliumDebugging.EmbeddedCluster.Network;
using CiliumDebugging.EmbeddedCluster.Tests.Cluster;
using CiliumDebugging.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CiliumDebugging.EmbeddedCluster.Tests.Network;

public class InterNodeLinkTests
{
    private static readonly AcceptedConnections s_connections = new(NullLogger.Instance);

    [Fact]
    public async Task A_route_arrives_at_the_other_side_and_cannot_be_taken_back_any_more()
    {
        var arrived = new TaskCompletionSource<string>();
        await using var link = new InterNodeLink<string>(IPAddress.Loopback, s_connections, (socket, route) =>
        {
            socket.Dispose();
            arrived.SetResult(route);
            return Task.CompletedTask;
        });
        var (socket, id) = await link.DialAsync("a route", TestContext.Current.CancellationToken);
        using var _ = socket;
        (await arrived.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).ShouldBe(
            "a route"
        );
        link.TryTakeBack(id).ShouldBeFalse();
    }

    /// <summary>
    /// The place of a socket would stay taken for ever if neither side gave it back, and be given back twice if both
    /// did.
    /// </summary>
    [Fact]
    public async Task A_connection_that_is_reset_at_once_is_either_accepted_or_taken_back()
    {
        const int connections = 300;
        var accepted = new ConcurrentDictionary<int, int>();
        await using var link = new InterNodeLink<int>(IPAddress.Loopback, s_connections, (socket, route) =>
        {
            socket.Dispose();
            accepted.AddOrUpdate(route, 1, (_, n) => n + 1);
            return Task.CompletedTask;
        });
        var takenBack = 0;
        for (var i = 0; i < connections; i++)
        {
            var (socket, id) = await link.DialAsync(i, TestContext.Current.CancellationToken);
            socket.LingerState = new LingerOption(true, 0);
            socket.Dispose();
            if (!link.TryTakeBack(id))
                continue;
            takenBack++;
            accepted.ShouldNotContainKey(i);
        }
        await Eventually.HoldsAsync("each one is accounted for", () => accepted.Count + takenBack == connections);
        accepted.Values.ShouldAllBe(n => n == 1);
    }

    [Fact]
    public async Task A_stranger_is_let_in_nowhere()
    {
        var accepted = new ConcurrentQueue<Socket>();
        await using var link = new InterNodeLink<int>(IPAddress.Loopback, s_connections, (socket, _) =>
        {
            accepted.Enqueue(socket);
            return Task.CompletedTask;
        });
        var (ours, _) = await link.DialAsync(1, TestContext.Current.CancellationToken);
        var listener = (IPEndPoint)ours.RemoteEndPoint!;
        await Eventually.HoldsAsync("the link's own connection is accepted", () => accepted.Count == 1);
        ours.Dispose();
        using var stranger = await RawConnection.OpenAsync(IPAddress.Loopback, listener);
        await stranger.SendAsync("12345678 and more");
        (await stranger.ReadToEndAsync()).ShouldBe(0);
        accepted.ShouldHaveSingleItem().Dispose();
    }
}
