using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.Sockets;
using CsCheck;

namespace CiliumDebugging.Datapath.Tests.Sockets;

public class SocketTableTests
{
    private static readonly FourTuple s_syn = new(new TcpEndpoint(1, 40_001), new TcpEndpoint(2, 8080));

    [Fact]
    public void An_accepted_socket_has_the_ends_of_the_syn_the_other_way_round()
    {
        SocketEnds.AcceptedFrom(s_syn).ShouldBe(new SocketEnds(s_syn.Destination, s_syn.Source));
        SocketEnds.Connecting(s_syn).ShouldBe(new SocketEnds(s_syn.Source, s_syn.Destination));
        SocketEnds.AcceptedFrom(s_syn).ShouldNotBe(SocketEnds.Connecting(s_syn));
    }

    [Fact]
    public void A_second_connection_with_the_same_ends_is_refused_until_the_first_is_closed()
    {
        var table = new SocketTable();
        var ends = SocketEnds.Connecting(s_syn);
        table.TryConnect(ends).ShouldBeTrue();
        table.TryConnect(ends).ShouldBeFalse();
        table.Close(ends);
        table.TryConnect(ends).ShouldBeTrue();
    }

    [Fact]
    public void A_reused_4_tuple_is_accepted_while_its_old_socket_is_being_closed_and_stays_until_both_are_gone()
    {
        var table = new SocketTable();
        var ends = SocketEnds.AcceptedFrom(s_syn);
        table.Accept(ends);
        table.Accept(ends);
        table.Close(ends);
        table.Contains(ends).ShouldBeTrue();
        table.Close(ends);
        table.Contains(ends).ShouldBeFalse();
        table.Count.ShouldBe(0);
    }

    [Fact]
    public void Closing_what_is_not_there_does_nothing()
    {
        var table = new SocketTable();
        table.Close(SocketEnds.Connecting(s_syn));
        table.Count.ShouldBe(0);
    }

    [Fact]
    public void A_hold_gives_its_place_back_once_however_often_it_is_disposed()
    {
        var table = new SocketTable();
        var ends = SocketEnds.AcceptedFrom(s_syn);
        table.Accept(ends);
        table.Accept(ends);
        var hold = new CiliumDebugging.Datapath.Forwarding.SocketHold(table, ends);
        hold.Dispose();
        hold.Dispose();
        table.Contains(ends).ShouldBeTrue();
    }

    /// <summary>Any sequence of connect, accept and close against a plain count of each 4-tuple.</summary>
    [Fact]
    public void It_holds_what_was_opened_and_not_closed()
    {
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 3])
            .List[0, 60]
            .Sample(operations =>
            {
                var (table, counts) = (new SocketTable(), new int[4]);
                foreach (var (operation, port) in operations)
                {
                    var ends = new SocketEnds(new TcpEndpoint(1, (ushort)port), new TcpEndpoint(2, 80));
                    switch (operation)
                    {
                        case 0:
                            if (table.TryConnect(ends) != (counts[port] == 0))
                                return false;
                            if (counts[port] == 0)
                                counts[port] = 1;
                            break;
                        case 1:
                            table.Accept(ends);
                            counts[port]++;
                            break;
                        default:
                            table.Close(ends);
                            if (counts[port] > 0)
                                counts[port]--;
                            break;
                    }
                    if (table.Contains(ends) != counts[port] > 0 || table.Count != counts.Count(c => c > 0))
                        return false;
                }
                return true;
            });
    }

    [Fact]
    public void Many_threads_leave_nothing_behind()
    {
        var table = new SocketTable();
        Parallel.For(0, 8, thread =>
        {
            for (var i = 0; i < 2_000; i++)
            {
                var shared = new SocketEnds(new TcpEndpoint(1, (ushort)(i % 7)), new TcpEndpoint(2, 80));
                table.Accept(shared);
                var own = new SocketEnds(new TcpEndpoint((uint)(10 + thread), (ushort)(i % 7)), new TcpEndpoint(2, 80));
                table.TryConnect(own).ShouldBeTrue();
                table.Close(own);
                table.Close(shared);
            }
        });
        table.Count.ShouldBe(0);
    }
}
