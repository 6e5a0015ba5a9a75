using CiliumDebugging.LoadTest.Attack.Plan;

namespace CiliumDebugging.LoadTest.Attack.Engines.Sockets;

/// <summary>The portable engine, on System.Net.Sockets: a pacing thread starts asynchronous exchanges. Costs about
/// twice the processor time of the epoll engine per request (measured: 161–174 µs against 83–87 µs), and paces to
/// the millisecond.</summary>
public sealed class SocketEngine : IAttackEngine
{
    public string Name => "sockets";

    public int WorkersOf(AttackPlan plan) => 1;

    public Task RunAsync(AttackContext context) =>
        new SocketAttack(context, (attack, ports) => new SocketConnection(attack, ports)).RunAsync();
}
