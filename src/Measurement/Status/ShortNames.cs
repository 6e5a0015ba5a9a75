namespace CiliumDebugging.Measurement.Status;

/// <summary>Names without the prefix that all of them share, which ends at a dash: what tells them apart.</summary>
public static class ShortNames
{
    /// <summary>The short form of each name; a single name stays whole.</summary>
    public static IReadOnlyDictionary<string, string> Of(IEnumerable<string> names)
    {
        var all = names.Distinct(StringComparer.Ordinal).ToList();
        var common = 0;
        if (all.Count > 1)
            for (var i = 0; i < all[0].Length && all.All(n => n.Length > i && n[i] == all[0][i]); i++)
                if (all[0][i] == '-')
                    common = i + 1;
        return all.ToDictionary(n => n, n => n.Length > common ? n[common..] : n, StringComparer.Ordinal);
    }
}
