using System.Collections.Immutable;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Datapath.LoadBalancing;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.Lab.Simulation;

/// <summary>
/// Predicts the selection by formulas from rate, ports and times alone: even shares, and <see
/// cref="StaleConntrackShare"/> after a Pod was replaced. There is no prediction after a second replacement, or when
/// entries live about as long as the time between two uses of a port.
/// </summary>
internal sealed class SharePrediction
{
    /// <summary>Entries that have this chance or less to meet their port again do not matter.</summary>
    private const double Negligible = 0.05;

    private readonly ClientPortRange _ports;
    private readonly double _ratePerClient;
    private readonly bool _isStale;
    private readonly bool _isEven;
    private double? _newPodShare;
    private int _replacements;

    /// <param name="config">The agents' settings.</param>
    /// <param name="ports">The ports of each client.</param>
    /// <param name="ratePerClient">Connections per second of each client.</param>
    /// <param name="seconds">Length of the whole simulation.</param>
    public SharePrediction(CiliumConfig config, ClientPortRange ports, double ratePerClient, double seconds)
    {
        (_ports, _ratePerClient) = (ports, ratePerClient);
        if (config.SocketLoadBalancing)
        {
            _isEven = true;
            return;
        }
        // How long an entry binds its port: to the first sweep after its lifetime, or until a SYN chooses again. A
        // connection whose end the node did not see is never a closed one.
        var lifetime =
            config.SeesFin && config.ClosedConntrackTimeout > TimeSpan.Zero
                ? config.ClosedConntrackTimeout
                : config.ServiceConntrackTimeout;
        var sweep =
            config.ConntrackGcInterval > TimeSpan.Zero
                ? config.ConntrackGcInterval
                : TimeSpan.FromTicks(GcInterval.FirstTicks);
        var reopen =
            !config.SeesFin || config.ConntrackReopen is ConntrackReopen.Reuse ? double.PositiveInfinity
            : config.ConntrackReopen is ConntrackReopen.SelectAfterGrace ? config.ConntrackReopenGrace.TotalSeconds
            : 0;
        var (shortest, longest) = (
            Math.Max(lifetime.TotalSeconds, sweep.TotalSeconds),
            (lifetime + sweep).TotalSeconds
        );
        _isStale = Math.Min(shortest, reopen) >= seconds;
        _isEven = Math.Min(longest, reopen) * ratePerClient / ports.Count <= Negligible;
    }

    /// <summary>A Pod was deleted at a time and replaced after a gap, both in seconds.</summary>
    public void Replaced(int backends, double goneAt, double gap)
    {
        _replacements++;
        var used = goneAt * _ratePerClient / _ports.Count;
        // A sequential client covers its ports one after the other and skips one in 16.
        var p = _ports.Order is ClientPortOrder.EvenInSequence ? Math.Min(1, used) : 1 - Math.Exp(-used);
        _newPodShare = StaleConntrackShare.Expected(backends, p, gap * _ratePerClient, _ports.Count);
    }

    /// <summary>The predicted shares of the ready Pods.</summary>
    /// <param name="spread">Their shares by the rules of the Service; null where these give none.</param>
    /// <param name="added">Position of the Pod that replaced another last; null when there is none.</param>
    public ImmutableArray<double>? Shares(double[]? spread, int? added)
    {
        // Before it is ready, the Pod is not among those that have shares.
        if (spread is null || added is not { } at || spread[at] == 0 || _isEven)
            return spread is null ? null : [.. spread];
        if (!IsStale(spread))
            return null;
        var ready = spread.Count(s => s > 0);
        return
        [
            .. spread.Select(
                (s, i) =>
                    s == 0 ? 0
                    : i == added ? _newPodShare!.Value
                    : (1 - _newPodShare!.Value) / (ready - 1)
            ),
        ];
    }

    /// <summary>Whether <see cref="StaleConntrackShare"/> holds: no entry ends during the simulation, one Pod was
    /// replaced, and the ready ones are all alike.</summary>
    /// <param name="spread">Their shares by the rules of the Service; null where these give none.</param>
    public bool IsStale(double[]? spread) =>
        _isStale
        && _replacements == 1
        && spread is not null
        && spread.Where(s => s > 0).ToList() is { Count: > 0 } ready
        && ready.All(s => Math.Abs(s - 1.0 / ready.Count) <= 1e-9);
}
