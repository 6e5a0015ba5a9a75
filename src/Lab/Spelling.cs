namespace CiliumDebugging.Lab;

/// <summary>Finds the name that was probably meant.</summary>
public static class Spelling
{
    /// <summary>The nearest of some names; null when none is near.</summary>
    /// <param name="name">What was written.</param>
    /// <param name="known">The names there are.</param>
    /// <param name="maxDistance">Letters that may differ.</param>
    public static string? Nearest(string name, IEnumerable<string> known, int maxDistance = 2)
    {
        ArgumentNullException.ThrowIfNull(name);
        var near = known
            .Where(k => Math.Abs(k.Length - name.Length) <= maxDistance)
            .Select(k => (Name: k, Distance: Distance(name, k)))
            .OrderBy(k => k.Distance)
            .FirstOrDefault();
        return near.Name is not null && near.Distance <= maxDistance ? near.Name : null;
    }

    /// <summary>Levenshtein's distance: how many letters to change, insert or leave out.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (
                    row[j],
                    Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1))
                );
        }
        return row[^1];
    }
}
