namespace CiliumDebugging.LoadTest.Attack;

/// <summary>What an engine is given for one attack.</summary>
/// <param name="Plan">A plan without problems.</param>
/// <param name="Clock">The attack's clock.</param>
/// <param name="Recorder">Takes starts and records.</param>
/// <param name="Drain">Signalled when no further request is intended; the ones in flight may still end.</param>
/// <param name="Abort">Signalled when the ones in flight must end now, as canceled.</param>
public sealed record AttackContext(AttackPlan Plan, AttackClock Clock, Recorder Recorder, CancellationToken Drain, CancellationToken Abort)
{
    /// <summary>Names of responders, shared by all parsers of the attack.</summary>
    public ResponderNames Names { get; } = new();

    /// <summary>Requests that may be in flight at the same time.</summary>
    public int Capacity => Plan.KeepAliveConnections > 0 ? Math.Min(Plan.KeepAliveConnections, Plan.MaxInFlight) : Plan.MaxInFlight;

    /// <summary>Each target's request as bytes.</summary>
    internal byte[][] Requests { get; } = [.. Plan.Targets.Select(target => RequestBytes.Build(target, keepAlive: Plan.KeepAliveConnections > 0))];

    /// <summary>The client ports of the plan; null when the kernel chooses.</summary>
    internal ClientPorts? CreatePorts() => Plan.Ports.Order is ClientPortOrder.Kernel
        ? null
        : new ClientPorts(Plan.Ports, Plan.PortSeed is { } seed ? new Random(seed) : new Random());
}
