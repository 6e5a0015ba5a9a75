namespace CiliumDebugging.Statistics.Tests;

/// <summary>Repeatable random selections.</summary>
internal sealed class Draws(int seed)
{
    private readonly Random _random = new(seed);

    public int From(params ReadOnlySpan<double> shares)
    {
        var u = _random.NextDouble();
        for (var i = 0; i < shares.Length - 1; i++)
        {
            u -= shares[i];
            if (u < 0)
                return i;
        }
        return shares.Length - 1;
    }

    public bool Chance(double probability) => _random.NextDouble() < probability;

    public int Below(int limit) => _random.Next(limit);

    public static ExpectedShares ThreePods => ExpectedShares.Equal("backend-a", "backend-b", "backend-c");
}
