namespace CiliumDebugging.Bench.Skew;

/// <summary>xoshiro256**: 100,000,000 selections a scenario want a generator that costs a nanosecond and repeats from
/// its seed.</summary>
internal sealed class SkewRandom
{
    private ulong _a,
        _b,
        _c,
        _d;

    public SkewRandom(ulong seed) => (_a, _b, _c, _d) = (Mix(ref seed), Mix(ref seed), Mix(ref seed), Mix(ref seed));

    public int Below(int limit) => (int)(((UInt128)Next() * (ulong)limit) >> 64);

    public double Uniform() => (Next() >> 11) * (1.0 / (1UL << 53));

    public int From(ReadOnlySpan<double> shares)
    {
        var u = Uniform();
        for (var i = 0; i < shares.Length - 1; i++)
        {
            u -= shares[i];
            if (u < 0)
                return i;
        }
        return shares.Length - 1;
    }

    private ulong Next()
    {
        var result = ulong.RotateLeft(_b * 5, 7) * 9;
        var t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = ulong.RotateLeft(_d, 45);
        return result;
    }

    private static ulong Mix(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
