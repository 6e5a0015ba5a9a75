using System.Net;
using System.Net.Sockets;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.EmbeddedCluster.Network;
using CiliumDebugging.EmbeddedCluster.Tests.Cluster;
using CiliumDebugging.Testing;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.EmbeddedCluster.Tests.Network;

public class LiveDatapathTests
{
    [Fact]
    public async Task A_connection_that_fails_unexpectedly_is_closed_and_logged_once()
    {
        using var log = new WarningLog();
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(log));
        using var addresses = AddressBlocks.Claim();
        await using var datapath = await LiveDatapath.StartAsync(
            new ForwardingPath([]),
            portOffset: 0,
            IPAddress.Loopback,
            new BrokenClock(),
            new Random(1),
            loggers,
            TestContext.Current.CancellationToken
        );
        var service = new TcpEndpoint(addresses.NextService(), 8080);
        datapath.Listen(service);

        try
        {
            using var client = await RawConnection.OpenAsync(IPAddress.Loopback, service.ToIPEndPoint());
            (await client.ReadToEndAsync()).ShouldBe(0);
        }
        catch (SocketException e)
        {
            // It may be closed before the client has seen it open.
            e.SocketErrorCode.ShouldBe(SocketError.ConnectionReset);
        }
        await Eventually.HoldsAsync("the fault is logged", () => !log.Lines.IsEmpty);
        log.Lines.ShouldHaveSingleItem().ShouldContain(BrokenClock.Message);
    }

    [Fact]
    public async Task A_connection_between_proxies_that_fails_unexpectedly_is_closed_and_logged_once()
    {
        using var log = new WarningLog();
        await using var link = new InterNodeLink<int>(IPAddress.Loopback, new AcceptedConnections(log), (_, _) =>
            throw new InvalidOperationException("a fault of the test")
        );
        using var socket = (await link.DialAsync(1, TestContext.Current.CancellationToken)).Socket;

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        var error = await Should.ThrowAsync<SocketException>(async () =>
            await socket.ReceiveAsync(new byte[1], SocketFlags.None, limit.Token)
        );
        error.SocketErrorCode.ShouldBe(SocketError.ConnectionReset);
        await Eventually.HoldsAsync("the fault is logged", () => !log.Lines.IsEmpty);
        log.Lines.ShouldHaveSingleItem().ShouldContain("a fault of the test");
    }

    [Fact]
    public async Task The_end_of_a_connection_is_not_logged()
    {
        using var log = new WarningLog();
        var ended = new TaskCompletionSource();
        await using var link = new InterNodeLink<int>(
            IPAddress.Loopback,
            new AcceptedConnections(log),
            async (accepted, _) =>
            {
                await accepted.ReceiveAsync(new byte[1], SocketFlags.None, TestContext.Current.CancellationToken);
                ended.SetResult();
                throw new SocketException((int)SocketError.ConnectionReset);
            }
        );
        var (socket, _) = await link.DialAsync(1, TestContext.Current.CancellationToken);
        socket.Dispose();
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        log.Lines.ShouldBeEmpty();
    }

    /// <summary>A fault of a kind that no end of a connection explains.</summary>
    private sealed class BrokenClock : TimeProvider
    {
        public const string Message = "this clock is broken";

        public override DateTimeOffset GetUtcNow() => throw new NotSupportedException(Message);
    }
}
