namespace CiliumDebugging.LoadTest.Commands;

/// <summary>One entry of a target file, not yet resolved.</summary>
/// <param name="Line">Line it begins on, from 1.</param>
/// <param name="Method">HTTP method as written.</param>
/// <param name="Url">URL as written.</param>
/// <param name="Headers">Its header lines.</param>
/// <param name="BodyFile">File of the body, relative to the target file; null for none.</param>
public sealed record TargetEntry(int Line, string Method, string Url, IReadOnlyList<string> Headers, string? BodyFile);

/// <summary>Reads target files in vegeta's HTTP format: <c>METHOD URL</c>, then header lines, then <c>@bodyfile</c>; a
/// blank line ends an entry, lines that begin with # are comments.</summary>
public static class TargetFile
{
    /// <returns>The entries, and what is wrong with lines that cannot be read.</returns>
    public static (IReadOnlyList<TargetEntry> Entries, IReadOnlyList<string> Problems) Parse(IEnumerable<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var entries = new List<TargetEntry>();
        var problems = new List<string>();
        var isOpen = false;
        var number = 0;
        foreach (var raw in lines)
        {
            number++;
            var line = raw.Trim();
            if (line.StartsWith('#'))
                continue;
            if (line.Length == 0)
            {
                isOpen = false;
            }
            else if (line is ['@', _, ..] && isOpen)
            {
                entries[^1] = entries[^1] with { BodyFile = line[1..] };
            }
            else if (
                line.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                    is [var method, var url]
                && method.All(char.IsAsciiLetterUpper)
            )
            {
                // As in vegeta, a new request line needs no blank line before it.
                entries.Add(new TargetEntry(number, method, url, [], null));
                isOpen = true;
            }
            else if (isOpen && line.Contains(':', StringComparison.Ordinal))
            {
                entries[^1] = entries[^1] with { Headers = [.. entries[^1].Headers, line] };
            }
            else
            {
                problems.Add($"line {number} '{line}': expected METHOD URL, then Name: value lines, then @bodyfile");
            }
        }
        return (entries, problems);
    }
}
