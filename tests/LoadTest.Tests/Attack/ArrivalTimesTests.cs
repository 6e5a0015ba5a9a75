using System.Net;
using System.Net.Sockets;
using CiliumDebugging.LoadTest.Attack.Engines.IoUring;
using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Attack.Plan;

namespace CiliumDebugging.LoadTest.Tests.Attack;

public sealed unsafe class ArrivalTimesTests
{
    // Both ends of a relation of two clocks are read within 20 µs.
    private static readonly TimeSpan s_tolerance = TimeSpan.FromMicroseconds(50);

    [Fact]
    public void Bytes_that_are_read_later_have_the_time_at_which_they_came()
    {
        Assert.SkipUnless(IoUringEngine.IsSupported && ArrivalTimes.IsSupported, "io_uring cannot run here");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        client.Connect((IPEndPoint)listener.LocalEndpoint);
        using var server = listener.AcceptTcpClient();
        client.Client.SetRawSocketOption(Libc.SolSocket, ArrivalTimes.SocketOption, BitConverter.GetBytes(1));
        var clock = new AttackClock(TimeProvider.System);
        using var ring = new Ring(4, 1);
        using var times = new ArrivalTimes(1, clock);
        var buffer = GC.AllocateArray<byte>(16, pinned: true);

        TimeSpan came;
        (TimeSpan Before, TimeSpan After) sent;
        do
        {
            // Again until the kernel has turned its stamps on, which it does in the background.
            var before = clock.Elapsed;
            server.Client.Send("x"u8);
            sent = (before, clock.Elapsed);
            while (clock.Elapsed < sent.After + TimeSpan.FromMilliseconds(2))
                Thread.Yield();
            fixed (byte* bytes = buffer)
            {
                ref var receive = ref ring.Add(RingOperation.ReceiveMessage, 7);
                receive.Fd = (int)client.Client.Handle;
                receive.Address = times.Prepare(0, bytes, buffer.Length);
                receive.Length = 1;
                ring.SubmitAndWait(TimeSpan.FromSeconds(60));
            }
            ring.TryTake(out _, out var received).ShouldBeTrue();
            received.ShouldBe(1);
            times.Relate(clock);
        } while (!times.TryRead(0, out came));
        came.ShouldBeInRange(sent.Before - s_tolerance, sent.After + s_tolerance);
    }
}
