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
        if (NeedsHttpClient(plan) is not null)
            return new HttpClientEngine();
        if (WantsIoUring(plan) && IoUringEngine.Problem(plan) is null)
            return new IoUringEngine();
        return EpollEngine.IsSupported ? new EpollEngine() : new SocketEngine();
    }

    /// <summary>Why a plan that would profit from io_uring does not get it; null for any other plan.</summary>
    public static string? FallbackReason(AttackPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return OperatingSystem.IsLinux() && WantsIoUring(plan) ? IoUringEngine.Refusal : null;
    }

    /// <summary>The engine with this name (<c>auto</c> for the best), and why the plan cannot run on it; null when it
    /// can.</summary>
    public static (IAttackEngine Engine, string? Problem) Named(string name, AttackPlan plan)
    {
        var best = For(plan);
        switch (name)
        {
            case "auto":
                return (best, best is HttpClientEngine ? HttpClientEngine.Problem(plan) : null);
            case "httpclient":
                return (new HttpClientEngine(), HttpClientEngine.Problem(plan));
            case "io_uring":
                var problem = IoUringEngine.Problem(plan);
                return (new IoUringEngine(), problem is null ? null : $"engine '{name}': {problem}; use auto or epoll");
            case "sockets" or "epoll" when NeedsHttpClient(plan) is { } protocol:
                return (best, $"engine '{name}': cannot do {protocol}; use auto or httpclient");
            case "sockets":
                return (new SocketEngine(), null);
            case "epoll":
                return EpollEngine.IsSupported
                    ? (new EpollEngine(), null)
                    : (best, "engine 'epoll': needs Linux; use auto or sockets");
            default:
                return (best, $"engine '{name}': expected auto, epoll, io_uring, sockets or httpclient");
        }
    }

    /// <summary>The protocol that only HttpClient speaks; null for plain HTTP/1.1.</summary>
    private static string? NeedsHttpClient(AttackPlan plan) =>
        plan.Http2 ? "HTTP/2"
        : plan.Targets.Any(target => target.IsTls) ? "https"
        : null;

    // From this rate on the ring looks at answers with the next start. Below it, waking processors is most of the
    // cost, and epoll is as good. The ring does not know a port that the kernel chose.
    private static bool WantsIoUring(AttackPlan plan) =>
        plan.RatePerSecond >= IoUringRate
        && plan.Ports.Order is not ClientPortOrder.Kernel
        && IoUringEngine.Limit(plan) is null;
}
