using System.Net;
using CiliumDebugging.LoadTest.Attack.Responders;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Plan;

/// <summary>Everything that decides what an attack does. Immutable; check <see cref="Problems"/> before starting
/// it.</summary>
public sealed record AttackPlan
{
    /// <summary>Requests that may start together at most.</summary>
    public const int MaxBurst = 32;

    // Between these, requests are at most 1 ms apart, and yet so far that each wakes the generator's processor and the
    // server's; from the second on neither fell asleep on the machine measured (bench/attack).
    private const double PairsRate = 1000,
        AwakeRate = 5000;

    // A pair must not be one too many where single requests would have had room.
    private const int RoomForPairs = 64;

    /// <summary>Requests to send, taken in turn by sequence number. At least one; all with the same endpoint when
    /// connections are kept alive.</summary>
    public required IReadOnlyList<AttackTarget> Targets { get; init; }

    /// <summary>Requests per second, above 0 to 1,000,000, fractions allowed; default 50 (the load of the original
    /// report). <see cref="double.PositiveInfinity"/>: as fast as <see cref="MaxInFlight"/> permits.</summary>
    public double RatePerSecond { get; init; } = 50;

    /// <summary>Length of the attack, above 0; null (default) until it is stopped.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Address the client binds to; null (default) leaves it to the kernel. With an address the port is always
    /// chosen from <see cref="Ports"/>.</summary>
    public IPAddress? SourceAddress { get; init; }

    /// <summary>Client ports and their order; default random odd ports of Linux's range, as a client draws them that
    /// binds to port 0.</summary>
    public ClientPortRange Ports { get; init; } = ClientPortRange.RandomOdd;

    /// <summary>Seed of the client ports' randomness; null (default) for a different draw every run.</summary>
    public int? PortSeed { get; init; }

    /// <summary>0 (default): a fresh connection per request. N ≥ 1: N connections that are kept alive; a request
    /// waits for a free one, or with HTTP/2 is one of many streams on the one whose turn it is.</summary>
    public int KeepAliveConnections { get; init; }

    /// <summary>Whether requests are sent by HTTP/2, over http with prior knowledge (RFC 9113, section 3.3): nothing is
    /// negotiated, and a server that speaks HTTP/1.1 only gives no answer that counts. Default false.</summary>
    public bool Http2 { get; init; }

    /// <summary>Whether a request may have to wait until one of the kept-alive connections is free.</summary>
    internal bool WaitsForConnection => KeepAliveConnections > 0 && !Http2;

    /// <summary>Time for one request from its start: connect, send and the whole answer. 1 ms to 1 h, default 30
    /// s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long after the attack's end a late generator still starts requests that were due before it; 0 or
    /// more, default 1 s.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Requests that a worker starts together, 1 to 32: one wake-up serves them all, and waking an idle
    /// processor costs as much as a request. Null (default): for fresh connections, with 64 or more in flight at most
    /// for each worker, 2 from 1,000/s to below 5,000/s for each worker; else 1.</summary>
    public int? Burst { get; init; }

    /// <summary>Requests in flight at most, 1–1,000,000; default 10,000. A request due beyond it is counted as not
    /// sent.</summary>
    public int MaxInFlight { get; init; } = 10_000;

    /// <summary>Event loops (threads) of the engine, 1–64; default 1, which carries several thousand fresh
    /// connections a second.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Whether a server's certificate must be valid; default true. For https only.</summary>
    public bool VerifyCertificates { get; init; } = true;

    /// <summary>Requests that are traced, per second on average, above 0; default 20, which the Aspire dashboard keeps
    /// up with. Has a meaning only where traces are exported.</summary>
    public double TracesPerSecond { get; init; } = 20;

    /// <summary>How the responding pod is recognised.</summary>
    public ResponderRule Responder { get; init; } = ResponderRule.Default;

    /// <summary>Limits of a response.</summary>
    public ResponseLimits Limits { get; init; } = ResponseLimits.Default;

    /// <summary>The pacer of this many workers.</summary>
    public Pacer PacerOf(int workers) => new(RatePerSecond, Duration, BurstOf(workers), workers);

    /// <summary>Requests that each of this many workers starts together; 1 when the rate is unlimited.</summary>
    public int BurstOf(int workers)
    {
        if (double.IsPositiveInfinity(RatePerSecond))
            return 1;
        var pairs =
            RatePerSecond / workers is >= PairsRate and < AwakeRate
            && KeepAliveConnections == 0
            && MaxInFlight >= RoomForPairs * workers;
        return Burst ?? (pairs ? 2 : 1);
    }

    /// <summary>Everything that is wrong with the plan, each naming the value and what was expected; empty when it can
    /// be started.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        if (Targets.Count == 0)
            problems.Add("no target: give a URL");
        foreach (var target in Targets)
            problems.AddRange(target.Problems());
        if (double.IsNaN(RatePerSecond) || RatePerSecond <= 0)
            problems.Add($"rate {RatePerSecond}/s: expected more than 0 requests per second");
        else if (RatePerSecond is > 1e6 and < double.PositiveInfinity)
            problems.Add($"rate {RatePerSecond}/s: at most 1,000,000/s; use infinity for as fast as possible");
        if (double.IsNaN(TracesPerSecond) || TracesPerSecond <= 0)
            problems.Add($"traces {TracesPerSecond}/s: expected more than 0 per second");
        if (Duration <= TimeSpan.Zero)
            problems.Add($"duration {Duration}: expected more than 0, or forever");
        if (Timeout < TimeSpan.FromMilliseconds(1) || Timeout > TimeSpan.FromHours(1))
            problems.Add($"timeout {Timeout}: expected 1 ms to 1 h");
        if (Grace < TimeSpan.Zero)
            problems.Add($"grace {Grace}: expected 0 or more");
        if (Burst is < 1 or > MaxBurst)
            problems.Add($"burst {Burst}: expected 1 to {MaxBurst}, or auto");
        else if (Burst * Workers > MaxInFlight)
            problems.Add($"burst {Burst}: more than max in flight {MaxInFlight} for {Workers} workers; lower it");
        if (MaxInFlight is < 1 or > 1_000_000)
            problems.Add($"max in flight {MaxInFlight}: expected 1 to 1,000,000");
        if (Workers is < 1 or > 64)
            problems.Add($"workers {Workers}: expected 1 to 64");
        if (KeepAliveConnections is < 0 or > 65535)
            problems.Add($"keepalive connections {KeepAliveConnections}: expected 1 to 65535, or 0 for fresh ones");
        if (KeepAliveConnections > 0 && Targets.Any(target => !target.EndPoint.Equals(Targets[0].EndPoint)))
            problems.Add(
                "kept-alive connections need targets at one address and port; use fresh connections for several"
            );
        if (Ports.Problem is { } portProblem)
            problems.Add($"port range {Ports}: {portProblem}");
        AddSourceProblems(problems);
        return problems;
    }

    private void AddSourceProblems(List<string> problems)
    {
        if (SourceAddress is null)
            return;
        if (Ports.Order is ClientPortOrder.Kernel)
            problems.Add(
                $"source address {SourceAddress} with ports left to the kernel: choose odd, even or a range of ports"
            );
        if (Targets.Any(target => target.EndPoint.AddressFamily != SourceAddress.AddressFamily))
            problems.Add($"source address {SourceAddress}: the target's address is of another family");
    }
}
