namespace CiliumDebugging.LoadTest.Contract;

/// <summary>Draws client ports as Linux would, from an argument's randomness, and keeps the ones in use apart.
/// Deterministic, allocates only when created (8 KiB), not safe for concurrent use. The generator and the simulator
/// share it.</summary>
/// <remarks>A port is one client port towards one destination; whether the kernel agrees (another process may own it,
/// or the 4-tuple may be in TIME_WAIT) is known only at bind or connect. On a refusal <see cref="Release"/> the port
/// and take the next, at most <see cref="MaxDraws"/> times.</remarks>
public sealed class ClientPorts
{
    /// <summary>Draws for one connection before it counts as port exhaustion. Above 1 − 10⁻⁹ success while a
    /// quarter of all draws is free (0.75⁶⁴ ≈ 10⁻⁸), and a bounded number of failing system calls (≈1 µs
    /// each) beyond that.</summary>
    public const int MaxDraws = 64;

    // One sequential connect in 16 skips the next candidate "to add some noise" (__inet_hash_connect).
    private const int SkipOneIn = 16;

    private readonly Random _random;
    private readonly ulong[] _inUse = new ulong[65536 / 64];
    private readonly ClientPortRange _range;
    private readonly int _base;
    private readonly int _step;
    private int _next;

    /// <param name="range">Ports to draw from and the order; must have no problem and not be left to the
    /// kernel.</param>
    /// <param name="random">Source of the draws; give a seeded one for a run that can be repeated.</param>
    public ClientPorts(ClientPortRange range, Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (range.Problem is { } problem)
            throw new ArgumentException(problem, nameof(range));
        if (range.Order is ClientPortOrder.Kernel)
            throw new ArgumentException("the kernel chooses these ports", nameof(range));
        _range = range;
        _random = random;
        _step = range.Order is ClientPortOrder.Random ? 1 : 2;
        _base = range.First + (range.Order is ClientPortOrder.RandomOdd ? 1 : 0);
        _next = random.Next(range.Count);
    }

    /// <summary>Distinct ports that can be drawn.</summary>
    public int Count => _range.Count;

    /// <summary>Ports taken and not yet released.</summary>
    public int InUse { get; private set; }

    /// <summary>Takes the next port that this client is not using.</summary>
    /// <returns>False when all of them are in use.</returns>
    public bool TryTake(out int port)
    {
        var index = _range.Order is ClientPortOrder.EvenInSequence ? _next : _random.Next(Count);
        for (var tried = 0; tried < Count; tried++)
        {
            port = _base + (index * _step);
            index = index + 1 == Count ? 0 : index + 1;
            if ((_inUse[port >> 6] & (1UL << port)) != 0)
                continue;
            _inUse[port >> 6] |= 1UL << port;
            InUse++;
            if (_range.Order is ClientPortOrder.EvenInSequence)
                _next = tried == 0 && _random.Next(SkipOneIn) == 0 ? (index + 1) % Count : index;
            return true;
        }
        port = 0;
        return false;
    }

    /// <summary>Gives a port back. The 4-tuple may still be in TIME_WAIT; the kernel says so when it is
    /// tried.</summary>
    /// <exception cref="InvalidOperationException">The port was not taken.</exception>
    public void Release(int port)
    {
        if (port is < 1 or > 65535 || (_inUse[port >> 6] & (1UL << port)) == 0)
            throw new InvalidOperationException($"Client port {port} is not in use.");
        _inUse[port >> 6] &= ~(1UL << port);
        InUse--;
    }
}
