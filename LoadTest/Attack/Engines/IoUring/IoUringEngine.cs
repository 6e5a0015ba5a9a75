using CiliumDebugging.LoadTest.Attack.Engines.Loops;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Plan;

namespace CiliumDebugging.LoadTest.Attack.Engines.IoUring;

/// <summary>The engine for high rates of fresh connections: io_uring, one submission for socket, bind, connect, send
/// and receive of a whole batch of requests, on direct descriptors. In C such a loop cost about two thirds of one on
/// epoll per request (bench/attack), because a system call is expensive where the kernel is isolated from its
/// processes. Fresh connections and small requests only; a client port that the kernel chose is not known.</summary>
public sealed class IoUringEngine : IAttackEngine
{
    /// <summary>Largest request, bytes: it fits into any socket's send buffer, so that no peer can keep the engine from
    /// reading its answer.</summary>
    public const int MaxRequestBytes = 16 * 1024;

    /// <summary>True where this engine runs: Linux 6.11 or later, where io_uring is not forbidden.</summary>
    public static bool IsSupported => Refusal is null;

    /// <summary>Why this engine cannot run here; null where it can.</summary>
    public static string? Refusal => Ring.Refusal;

    public string Name => "io_uring";

    public int WorkersOf(AttackPlan plan) => plan.Workers;

    /// <summary>What keeps this engine from a plan here; null when nothing does.</summary>
    public static string? Problem(AttackPlan plan) => Refusal ?? Limit(plan);

    /// <summary>What in the plan is beyond this engine on any machine; null when nothing is.</summary>
    internal static string? Limit(AttackPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return plan.KeepAliveConnections > 0 ? "makes fresh connections only"
            : plan.Http2 ? "cannot do HTTP/2"
            : plan.Targets.Any(target => target.IsTls) ? "cannot do https"
            : plan.Targets.Any(target =>
                RequestBytes.Build(target, keepAlive: false, propagate: true).Bytes.Length > MaxRequestBytes
            )
                ? $"sends requests of at most {MaxRequestBytes} bytes"
            : null;
    }

    public Task RunAsync(AttackContext context) =>
        EventLoops.RunAsync(context, (ports, worker, workers) => new RingWorker(context, ports, worker, workers));
}
