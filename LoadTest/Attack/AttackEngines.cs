using CiliumDebugging.LoadTest.Attack.Engines;
using CiliumDebugging.LoadTest.Attack.Engines.Epoll;
using CiliumDebugging.LoadTest.Attack.Engines.HttpClients;
using CiliumDebugging.LoadTest.Attack.Engines.IoUring;
using CiliumDebugging.LoadTest.Attack.Engines.Sockets;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack;

/// <summary>Chooses the engine of a plan.</summary>
public static class AttackEngines
{
    private const double IoUringRate = 1000;

    /// <summary>The cheapest engine that can carry out the plan on this platform.</summary>
    public static IAttackEngine For(AttackPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Targets.Any(target => target.IsTls))
            return new HttpClientEngine();
        if (WantsIoUring(plan) && IoUringEngine.Problem(plan) is null)
            return new IoUringEngine();
        return EpollEngine.IsSupported ? new EpollEngine() : new SocketEngine();
    }

    /// <summary>Why the plan gets another engine than it would on a machine that gives io_uring; null when that is no
    /// reason.</summary>
    public static string? FallbackReason(AttackPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return OperatingSystem.IsLinux() && WantsIoUring(plan) ? IoUringEngine.Refusal : null;
    }

    /// <summary>The engine with this name (<c>auto</c> for the best).</summary>
    /// <returns>Null and the engine, or why it cannot be had.</returns>
    public static string? Named(string name, AttackPlan plan, out IAttackEngine engine)
    {
        engine = For(plan);
        switch (name)
        {
            case "auto":
                return engine is HttpClientEngine ? HttpClientEngine.Problem(plan) : null;
            case "httpclient":
                engine = new HttpClientEngine();
                return HttpClientEngine.Problem(plan);
            case "io_uring":
                engine = new IoUringEngine();
                return IoUringEngine.Problem(plan) is { } problem
                    ? $"engine 'io_uring': {problem}; use auto or epoll"
                    : null;
            case "sockets" or "epoll" when plan.Targets.Any(target => target.IsTls):
                return $"engine '{name}': cannot do https; use auto or httpclient";
            case "sockets":
                engine = new SocketEngine();
                return null;
            case "epoll":
                engine = EpollEngine.IsSupported ? new EpollEngine() : engine;
                return EpollEngine.IsSupported ? null : "engine 'epoll': needs Linux; use auto or sockets";
            default:
                return $"engine '{name}': expected auto, epoll, io_uring, sockets or httpclient";
        }
    }

    // From that rate on it surely looks at answers with the next start. Below, most of the cost is waking processors,
    // and epoll is as good. The ring does not know a port that the kernel chose.
    private static bool WantsIoUring(AttackPlan plan) =>
        plan.RatePerSecond >= IoUringRate
        && plan.Ports.Order is not ClientPortOrder.Kernel
        && IoUringEngine.Limit(plan) is null;
}
