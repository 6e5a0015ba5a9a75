using System.Net;
using System.Net.Sockets;
using CiliumDebugging.LoadTest.Attack.Engines;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack;

/// <summary>Runs an engine's code once before it counts: compiled on first use, it made the first requests of an attack
/// up to 50 ms late.</summary>
public static class WarmUp
{
    private const int Requests = 40;

    /// <summary>Sends some requests to a listener of its own on loopback and throws the results away. Takes some 100
    /// ms; once per process is enough. Does nothing when there is no loopback to listen on.</summary>
    public static async Task RunAsync(IAttackEngine engine, CancellationToken cancellation = default)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen(Requests);
        }
        catch (SocketException)
        {
            return;
        }
        var plan = new AttackPlan
        {
            Targets = [new AttackTarget { Host = "warm-up", EndPoint = (IPEndPoint)listener.LocalEndPoint! }],
            RatePerSecond = Requests * 10,
            Duration = TimeSpan.FromMilliseconds(100),
            Timeout = TimeSpan.FromSeconds(1),
            Ports = ClientPortRange.Kernel,
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var answering = AnswerAsync(listener, stop.Token);
        await using (var attack = AttackControl.Start(plan, new AttackResults(), engine, abort: cancellation))
            await attack.Completion;
        await stop.CancelAsync();
        await answering;
    }

    private static async Task AnswerAsync(Socket listener, CancellationToken stop)
    {
        var request = new byte[1024];
        var response =
            "HTTP/1.1 200 OK\r\nX-Pod: p\r\nX-Node: n\r\nContent-Length: 3\r\nConnection: close\r\n\r\nfoo"u8.ToArray();
        try
        {
            while (true)
            {
                using var connection = await listener.AcceptAsync(stop);
                await connection.ReceiveAsync(request, stop);
                await connection.SendAsync(response, stop);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException) { }
    }
}
