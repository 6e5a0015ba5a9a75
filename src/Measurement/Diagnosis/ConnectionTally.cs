using System.Collections.Immutable;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>Follows a phase's connections in bounded memory. Past <see cref="Capacity"/> connections it no longer tells
/// them apart and reports that some carried one request, which such a number implies. Not thread-safe.</summary>
public sealed class ConnectionTally
{
    /// <summary>Most connections that are distinguished.</summary>
    public const int Capacity = 20_000;

    /// <summary>In pairs of Pods beyond <see cref="Capacity"/>; no Pod has this name.</summary>
    private const string Other = "(other)";

    private readonly Dictionary<long, (long Requests, string? Pod, bool Several)> _connections = [];
    private readonly Dictionary<string, long> _onOld = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _onNew = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string> _podByPort = []; // at most 65,535
    private readonly Dictionary<(string Before, string Now), long> _repeats = [];
    private long _mostUntracked,
        _untracked;

    /// <summary>Adds a request that was sent.</summary>
    /// <param name="connection">Number of its connection, ≥ 0; a negative one is passed over.</param>
    /// <param name="nth">Which request on the connection, from 0.</param>
    /// <param name="pod">The Pod that answered; null when none is known.</param>
    /// <param name="usedBefore">Whether the source port was used before the phase; null when the port is
    /// unknown.</param>
    /// <param name="port">The source port; 0 when unknown.</param>
    public void Add(long connection, int nth, string? pod, bool? usedBefore, int port)
    {
        if (connection < 0)
            return;
        if (nth == 0 && pod is not null && usedBefore is { } used && port is > 0 and <= ushort.MaxValue)
            AddPort(port, pod, used);
        if (_connections.TryGetValue(connection, out var known))
            _connections[connection] = (
                known.Requests + 1,
                known.Pod ?? pod,
                known.Several || (pod is not null && known.Pod is not null && pod != known.Pod)
            );
        else if (_connections.Count < Capacity)
            _connections.Add(connection, (1, pod, false));
        else
        {
            _mostUntracked = Math.Max(_mostUntracked, nth + 1L);
            if (nth == 0)
                _untracked++;
        }
    }

    private void AddPort(int port, string pod, bool usedBefore)
    {
        if (_podByPort.TryGetValue(port, out var before))
        {
            var pair = (before, pod);
            if (_repeats.Count >= Capacity && !_repeats.ContainsKey(pair))
                pair = before == pod ? ("", "") : ("", Other);
            _repeats[pair] = _repeats.GetValueOrDefault(pair) + 1;
        }
        else
        {
            var by = usedBefore ? _onOld : _onNew;
            by[pod] = by.GetValueOrDefault(pod) + 1;
        }
        _podByPort[port] = pod;
    }

    public ConnectionFacts Facts() =>
        new(
            _connections.Count + _untracked,
            Math.Max(_mostUntracked, _connections.Values.Select(c => c.Requests).DefaultIfEmpty(0).Max()),
            _untracked > 0 ? 1 : _connections.Values.Select(c => c.Requests).DefaultIfEmpty(0).Min(),
            _connections
                .Values.Where(c => c is { Pod: not null, Several: false })
                .GroupBy(c => c.Pod!)
                .ToImmutableDictionary(g => g.Key, g => g.LongCount()),
            _connections.Values.LongCount(c => c.Several),
            _onOld.ToImmutableDictionary(),
            _onNew.ToImmutableDictionary()
        )
        {
            Repeats = _repeats.ToImmutableDictionary(),
        };
}
