using CiliumDebugging.LoadTest.Attack.Engines.Loops;
using CiliumDebugging.LoadTest.Attack.Plan;

namespace CiliumDebugging.LoadTest.Attack.Engines.Epoll;

/// <summary>The engine for Linux: one event loop per worker on epoll, called directly. Nothing is allocated per
/// request, and waits are exact to some ten microseconds.</summary>
public sealed class EpollEngine : IAttackEngine
{
    /// <summary>True where this engine runs.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    public string Name => "epoll";

    public int WorkersOf(AttackPlan plan) => plan.Workers;

    public Task RunAsync(AttackContext context) =>
        EventLoops.RunAsync(context, (ports, worker, workers) => new EpollWorker(context, ports, worker, workers));
}
