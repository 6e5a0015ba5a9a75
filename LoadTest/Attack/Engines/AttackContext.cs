using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Responders;
using CiliumDebugging.LoadTest.Attack.Telemetry;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines;

/// <summary>What an engine is given for one attack.</summary>
public sealed class AttackContext
{
    internal AttackContext(
        AttackPlan plan,
        AttackClock clock,
        Recorder recorder,
        CancellationToken drain,
        CancellationToken abort
    )
    {
        (Plan, Clock, Recorder, Drain, Abort) = (plan, clock, recorder, drain, abort);
        Tracer = RequestTracer.For(plan, clock);
        Requests =
        [
            .. plan.Targets.Select(target =>
                RequestBytes.Build(target, keepAlive: plan.KeepAliveConnections > 0, propagate: Tracer is not null)
            ),
        ];
    }

    /// <summary>A plan without problems.</summary>
    public AttackPlan Plan { get; }

    /// <summary>The attack's clock.</summary>
    public AttackClock Clock { get; }

    /// <summary>Takes starts and records.</summary>
    public Recorder Recorder { get; }

    /// <summary>Signalled when no further request is intended; the ones in flight may still end.</summary>
    public CancellationToken Drain { get; }

    /// <summary>Signalled when the ones in flight must end now, as canceled.</summary>
    public CancellationToken Abort { get; }

    /// <summary>Names of responders, shared by all parsers of the attack.</summary>
    public ResponderNames Names { get; } = new();

    /// <summary>Requests that may be in flight at the same time.</summary>
    public int Capacity =>
        Plan.WaitsForConnection ? Math.Min(Plan.KeepAliveConnections, Plan.MaxInFlight) : Plan.MaxInFlight;

    /// <summary>Each target's request as bytes.</summary>
    internal PreparedRequest[] Requests { get; }

    /// <summary>Makes the spans; null without a listener.</summary>
    internal RequestTracer? Tracer { get; }

    /// <summary>The client ports of the plan; null when the kernel chooses.</summary>
    internal ClientPorts? CreatePorts() =>
        Plan.Ports.Order is ClientPortOrder.Kernel
            ? null
            : new ClientPorts(Plan.Ports, Plan.PortSeed is { } seed ? new Random(seed) : new Random());
}
