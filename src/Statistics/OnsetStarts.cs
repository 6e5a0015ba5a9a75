using System.Numerics;

namespace CiliumDebugging.Statistics;

/// <summary>One possible beginning of skew: its weight and the counts before it.</summary>
internal sealed class OnsetStart(
    double logWeight,
    long connection,
    long block,
    RecordedEvent? recorded,
    double[] countsBefore,
    double unattributedBefore
)
{
    public double LogWeight { get; } = logWeight;
    public long Connection { get; } = connection;
    public long Block { get; } = block;
    public RecordedEvent? Event { get; } = recorded;
    public double[] CountsBefore { get; } = countsBefore;
    public double UnattributedBefore { get; } = unattributedBefore;
    public TimeSpan? At { get; set; }

    /// <summary>Before this many observations the start cannot matter.</summary>
    public double NextLook { get; set; }
}

/// <summary>The starts that an onset search remembers. Half of the weight belongs to recorded events and half to blocks
/// of 10 connections; Σ v ≤ 1. Starts are dropped by age alone and their weight is not redistributed, so the search
/// stays a supermartingale.</summary>
/// <remarks>The memory grows with the logarithm of the run: about 100 + 50·log2(connections/1,000) + 64
/// starts.</remarks>
internal sealed class OnsetStarts
{
    public const int ConnectionsPerBlock = 10;

    /// <summary>The last 1,000 connections have all their blocks: that is how long a faint skew takes to be found, and
    /// the evidence of neighbouring blocks adds up.</summary>
    private const int BlocksKept = 100;
    private const int EventsKept = 64;

    /// <summary>More starts than a run of 10¹² connections keeps.</summary>
    public const int Most = 2000;

    private readonly List<OnsetStart> _starts = [];
    private long _events;
    private long _blocks;

    public List<OnsetStart> All => _starts;

    /// <summary>The m-th recorded event gets v = ½ · 1/(m(m+1)).</summary>
    public void AddEvent(RecordedEvent recorded, long connection, double[] counts, double unattributed)
    {
        _events++;
        if (_starts.Count(s => s.Event is not null) >= EventsKept)
            _starts.Remove(_starts.First(s => s.Event is not null));
        _starts.Add(new OnsetStart(LogWeight(_events), connection, -1, recorded, [.. counts], unattributed));
    }

    /// <summary>The b-th block gets v = ½ · 1/(b(b+1)).</summary>
    public void AddBlock(long connection, double[] counts, double unattributed)
    {
        var current = _blocks++;
        _starts.RemoveAll(s => s.Event is null && current - s.Block > Lifetime(s.Block));
        _starts.Add(new OnsetStart(LogWeight(_blocks), connection, current, null, [.. counts], unattributed));
    }

    public void Clear() => _starts.Clear();

    // Every second block lives twice as long, every fourth four times, …: the resolution stays proportional to the
    // age.
    private static long Lifetime(long block) =>
        block == 0 ? long.MaxValue : (long)BlocksKept << Math.Min(50, BitOperations.TrailingZeroCount(block));

    private static double LogWeight(double position) => -Math.Log(2 * position * (position + 1));
}
