using System.Collections.Immutable;

namespace CiliumDebugging.Statistics;

/// <summary>How the clients of one node were spread.</summary>
/// <param name="ClientNode">The node; <see cref="ClientNodeMatrix.OtherNodes"/> for those beyond the capacity.</param>
/// <param name="Counts">Selections per backend.</param>
/// <param name="Verdict">Verdict on this row; all rows together are wrong with probability at most α.</param>
public sealed record ClientNodeRow(string ClientNode, BackendCounts Counts, Verdict Verdict);

/// <summary>The share of selections that stay on the client's node.</summary>
/// <param name="Share">Observed share with its interval, which covers every place that unattributed selections may have
/// gone to.</param>
/// <param name="Expected">The share that the expected weights give for the same clients.</param>
public sealed record Locality(ShareInterval Share, double Expected);

/// <summary>Selections by client node and backend: one node's stale service map disappears in the aggregate but not in
/// its row. Not thread-safe.</summary>
public sealed class ClientNodeMatrix
{
    /// <summary>The row of the nodes beyond the capacity.</summary>
    public const string OtherNodes = "(other nodes)";

    private readonly SortedDictionary<string, SkewTest> _rows = new(StringComparer.Ordinal);
    private readonly ExpectedShares _expected;
    private readonly ImmutableArray<string?> _backendNodes;
    private readonly VerdictOptions _options;
    private readonly int _capacity;

    /// <param name="expected">Expected shares, the same for every client node.</param>
    /// <param name="backendNodes">Node of each backend in the same order; null where unknown.</param>
    /// <param name="options">Error probability of all rows together, and tolerance.</param>
    /// <param name="capacity">Most rows, ≥ 1, default 1,000; further nodes share one row.</param>
    public ClientNodeMatrix(
        ExpectedShares expected,
        IReadOnlyList<string?> backendNodes,
        VerdictOptions? options = null,
        int capacity = 1000
    )
    {
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(backendNodes);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        if (backendNodes.Count != expected.Count)
            throw new ArgumentException(
                $"{backendNodes.Count} nodes for {expected.Count} backends.",
                nameof(backendNodes)
            );
        (_expected, _backendNodes, _options, _capacity) = (
            expected,
            [.. backendNodes],
            options ?? VerdictOptions.Default,
            capacity
        );
    }

    /// <summary>Counts one selection; <paramref name="backend"/> is null where unknown.</summary>
    public void Add(string clientNode, int? backend)
    {
        ArgumentNullException.ThrowIfNull(clientNode);
        if (!_rows.TryGetValue(clientNode, out var row))
        {
            clientNode = _rows.Count < _capacity ? clientNode : OtherNodes;
            if (!_rows.TryGetValue(clientNode, out row))
                _rows.Add(clientNode, row = new SkewTest(_expected, _options));
        }
        if (backend is { } i)
            row.Add(i);
        else
            row.AddUnattributed();
    }

    /// <summary>The rows, ordered by node name. Each is evaluated at α divided by the number of rows.</summary>
    public ImmutableArray<ClientNodeRow> Rows(SelectionUnit unit = SelectionUnit.FreshSelection)
    {
        var perRow = _options with { ErrorProbability = _options.ErrorProbability / Math.Max(1, _rows.Count) };
        return
        [
            .. _rows.Select(r => new ClientNodeRow(
                r.Key,
                r.Value.Counts,
                SkewTest.Evaluate(_expected, r.Value.Counts, perRow, unit)
            )),
        ];
    }

    /// <summary>How much stays on the client's node; null before the first selection by a client on a named
    /// node.</summary>
    public Locality? Locality()
    {
        long local = 0,
            remote = 0,
            unknown = 0;
        var expected = 0.0;
        foreach (var (node, row) in _rows)
        {
            if (node == OtherNodes)
                continue;
            var counts = row.Counts;
            for (var i = 0; i < _expected.Count; i++)
            {
                if (_backendNodes[i] is not { } backendNode)
                    unknown += counts.PerBackend[i];
                else if (backendNode == node)
                    (local, expected) = (local + counts.PerBackend[i], expected + counts.Total * _expected.Weights[i]);
                else
                    remote += counts.PerBackend[i];
            }
            unknown += counts.Unattributed;
        }
        var total = local + remote + unknown;
        if (total == 0)
            return null;
        var share = new ShareInterval(
            local + remote > 0 ? (double)local / (local + remote) : double.NaN,
            Proportion.Interval(local, total, _options.ErrorProbability).Lower,
            Proportion.Interval(local + unknown, total, _options.ErrorProbability).Upper
        );
        return new Locality(share, expected / total);
    }
}
