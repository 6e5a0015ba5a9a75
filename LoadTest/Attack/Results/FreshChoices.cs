using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Records;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>
/// Which Pods answered the first requests of client ports: a kept connection and a port that is used again repeat a
/// choice, and say nothing new. Counted in blocks of requests, because a choice that changes in mid-attack may be even
/// on the whole. Constant memory; merges are exact; not safe for concurrent use.
/// </summary>
internal sealed class FreshChoices
{
    /// <summary>Blocks of requests in the order of their numbers, all of the same width.</summary>
    public const int Blocks = 16;

    private const int Ports = 65536;

    /// <summary>In <see cref="_podOfPort"/>: not used yet, and used by a request that did not succeed. A Pod's number
    /// is added to the second.</summary>
    private const ushort Unused = 0,
        WithoutSuccess = 1;

    // The Pods of ports, by number, and the choices of ports that are unknown or another client's.
    private readonly List<string> _pods = [];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long[]> _counts = new(StringComparer.Ordinal);
    private ushort[]? _podOfPort;
    private byte[]? _blockOfPort;

    /// <summary>Choices of nothing yet.</summary>
    public FreshChoices() { }

    /// <exception cref="InvalidDataException">They are not counts of choices.</exception>
    public FreshChoices(SavedChoices saved)
    {
        if (
            saved.Width is < 1 or > long.MaxValue / Blocks
            || saved.Pods.Any(p => p.ByBlock.Count != Blocks || p.ByBlock.Any(n => n < 0))
        )
            throw new InvalidDataException("the log's choices are not counts in blocks of requests");
        (Width, HasUnknownPorts) = (saved.Width, saved.UnknownPorts);
        foreach (var (pod, counts) in saved.Pods)
            AddTo(pod, counts, Width);
    }

    /// <summary>Requests of a block; a power of 2.</summary>
    public long Width { get; private set; } = 1;

    /// <summary>Whether the port of a choice is unknown, so that it may repeat another.</summary>
    public bool HasUnknownPorts { get; private set; }

    /// <summary>Client ports that were used, in this client's choices.</summary>
    public long PortsUsed => _podOfPort?.LongCount(pod => pod != Unused) ?? 0;

    /// <summary>Successes of which nothing but the Pod is known.</summary>
    public static FreshChoices OfUnknownPorts(IEnumerable<(string Pod, long Count)> successes)
    {
        var choices = new FreshChoices { HasUnknownPorts = true };
        foreach (var (pod, count) in successes)
            choices.CountsOf(pod)[0] += count;
        return choices;
    }

    /// <summary>Counts a request that was sent.</summary>
    /// <param name="record">The request.</param>
    /// <param name="pod">Who answered it with success; null without success.</param>
    public void Add(in RequestRecord record, string? pod)
    {
        Reach(record.Sequence);
        if (record.RequestOnConnection > 0)
            return;
        var block = (int)(record.Sequence / Width);
        if (record.SourcePort > 0)
        {
            Use(record.SourcePort, pod, block);
        }
        else if (pod is not null)
        {
            HasUnknownPorts = true;
            CountsOf(pod)[block]++;
        }
    }

    /// <summary>Adds another attack's choices. A port of both repeats its choice; a log has no ports, because it is of
    /// another client.</summary>
    public void Merge(FreshChoices other)
    {
        HasUnknownPorts |= other.HasUnknownPorts;
        WidenTo(other.Width);
        foreach (var (pod, counts) in other._counts)
            AddTo(pod, counts, other.Width);
        for (var port = 0; other._podOfPort is { } pods && port < Ports; port++)
        {
            if (pods[port] != Unused)
                Use(port, other.PodOf(port), (int)(other._blockOfPort![port] * other.Width / Width));
        }
    }

    /// <summary>Choices by Pod, of some of the blocks.</summary>
    public Dictionary<string, long> Of(Range blocks)
    {
        var (from, length) = blocks.GetOffsetAndLength(Blocks);
        var counts = _counts.ToDictionary(c => c.Key, c => c.Value[blocks].Sum(), StringComparer.Ordinal);
        for (var port = 0; port < Ports && _podOfPort is not null; port++)
        {
            if (PodOf(port) is { } pod && _blockOfPort![port] >= from && _blockOfPort[port] < from + length)
                counts[pod] = counts.GetValueOrDefault(pod) + 1;
        }
        return counts;
    }

    /// <summary>To be saved: what is read back are the choices of another client.</summary>
    public SavedChoices ToSaved()
    {
        var byBlock = Enumerable.Range(0, Blocks).Select(i => Of(i..(i + 1))).ToList();
        return new SavedChoices(
            Width,
            HasUnknownPorts,
            [
                .. byBlock
                    .SelectMany(counts => counts.Keys)
                    .Distinct()
                    .Order(StringComparer.Ordinal)
                    .Select(pod => new SavedPodChoices(
                        pod,
                        [.. byBlock.Select(counts => counts.GetValueOrDefault(pod))]
                    )),
            ]
        );
    }

    private string? PodOf(int port) =>
        _podOfPort![port] > WithoutSuccess ? _pods[_podOfPort[port] - WithoutSuccess - 1] : null;

    private void Use(int port, string? pod, int block)
    {
        _podOfPort ??= new ushort[Ports];
        _blockOfPort ??= new byte[Ports];
        if (_podOfPort[port] != Unused)
            return;
        _podOfPort[port] = pod is null ? WithoutSuccess : (ushort)(WithoutSuccess + 1 + NumberOf(pod));
        _blockOfPort[port] = (byte)block;
    }

    private int NumberOf(string pod)
    {
        if (!_numbers.TryGetValue(pod, out var number))
        {
            _numbers.Add(pod, number = _pods.Count);
            _pods.Add(pod);
        }
        return number;
    }

    private long[] CountsOf(string pod)
    {
        if (!_counts.TryGetValue(pod, out var counts))
            _counts.Add(pod, counts = new long[Blocks]);
        return counts;
    }

    private void AddTo(string pod, IReadOnlyList<long> counts, long width)
    {
        var into = CountsOf(pod);
        for (var i = 0; i < Blocks; i++)
            into[(int)(i * width / Width)] += counts[i];
    }

    private void Reach(long sequence)
    {
        var width = Width;
        while (sequence / width >= Blocks)
            width *= 2;
        WidenTo(width);
    }

    private void WidenTo(long width)
    {
        if (width <= Width)
            return;
        var factor = width / Width;
        Width = width;
        foreach (var counts in _counts.Values)
        {
            for (var i = 1; i < Blocks; i++)
            {
                var count = counts[i];
                counts[i] = 0;
                counts[(int)(i / factor)] += count;
            }
        }
        for (var port = 0; _blockOfPort is { } blocks && port < Ports; port++)
            blocks[port] = (byte)(blocks[port] / factor);
    }
}
