using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.Lab.Simulation;

/// <summary>
/// The clients: connections at a constant rate, in turn from each client, each from the port that the client's
/// allocator draws. A connection allocates no memory.
/// </summary>
internal sealed class SimulatedLoad
{
    private const int ReportEvery = 100_000;

    private readonly SimulatedCluster _cluster;
    private readonly SimulatedConnection _connection;
    private readonly SimulationRandom _random;
    private readonly ClientPorts[] _ports;
    private readonly ulong[][] _used;
    private readonly double _ticksPerConnection;
    private readonly long[] _outcomes = new long[Enum.GetValues<SimulatedOutcome>().Length];
    private (long Selected, long Ok)[] _pods = [];

    public SimulatedLoad(
        SimulatedCluster cluster,
        SimulatedConnection connection,
        SimulationRandom random,
        ClientPortRange ports,
        double ratePerSecond
    )
    {
        (_cluster, _connection, _random, _ticksPerConnection) = (
            cluster,
            connection,
            random,
            TimeSpan.TicksPerSecond / ratePerSecond
        );
        _ports = [.. cluster.Clients.Select(_ => new ClientPorts(ports, random))];
        _used = [.. cluster.Clients.Select(_ => new ulong[65_536 / 64])];
    }

    /// <summary>Connections so far.</summary>
    public long Connections { get; private set; }

    /// <summary>M of all clients together.</summary>
    public int PortCount => _ports.Sum(p => p.Count);

    /// <summary>Distinct ports used so far, of all clients together.</summary>
    public int PortsUsed => _used.Sum(words => words.Sum(System.Numerics.BitOperations.PopCount));

    /// <summary>Connections so far by outcome.</summary>
    public ReadOnlySpan<long> Outcomes => _outcomes;

    /// <summary>Makes all connections that are due before a time.</summary>
    /// <param name="untilTicks">The time, ticks of 100 ns since the begin.</param>
    /// <param name="report">Called with the time every 100,000 connections.</param>
    /// <returns>Selections and answers by Pod, of these connections.</returns>
    public (long[] Selected, long[] Ok) RunUntil(long untilTicks, Action<long> report)
    {
        _pods = new (long, long)[_cluster.Pods.Count];
        for (var due = Due; due < untilTicks; due = Due)
        {
            Connect(due);
            if (Connections % ReportEvery == 0)
                report(due);
        }
        return ([.. _pods.Select(p => p.Selected)], [.. _pods.Select(p => p.Ok)]);
    }

    private long Due => (long)(Connections * _ticksPerConnection);

    private void Connect(long nowTicks)
    {
        var client = _ports.Length == 1 ? 0 : (int)(Connections % _ports.Length);
        Connections++;
        var ports = _ports[client];
        ports.TryTake(out var port);
        _used[client][port >> 6] |= 1UL << port;
        var syn = new FourTuple(
            new TcpEndpoint(_cluster.Clients[client], (ushort)port),
            _cluster.Destination(Connections - 1)
        );
        var outcome = _connection.Run(syn, nowTicks, _random, out var backend);
        ports.Release(port);
        _outcomes[(int)outcome]++;
        var pod = SimulatedCluster.IndexOf(backend);
        if ((uint)pod >= (uint)_pods.Length)
            return;
        ref var counts = ref _pods[pod];
        counts.Selected++;
        if (outcome is SimulatedOutcome.Ok)
            counts.Ok++;
    }
}
