using System.Text.Json;
using System.Text.Json.Serialization;

namespace CiliumDebugging.LoadTest.Commands;

/// <summary>One entry of a target file, not yet resolved.</summary>
/// <param name="Line">Line it begins on, from 1.</param>
/// <param name="Method">HTTP method as written.</param>
/// <param name="Url">URL as written.</param>
/// <param name="Headers">Its header lines.</param>
/// <param name="BodyFile">File of the body; null for none.</param>
/// <param name="Body">The body itself; null for none.</param>
public sealed record TargetEntry(
    int Line,
    string Method,
    string Url,
    IReadOnlyList<string> Headers,
    string? BodyFile,
    byte[]? Body = null
);

/// <summary>Reads target files in vegeta's two formats, which their first line tells apart. HTTP: <c>METHOD URL</c>, then
/// header lines, then <c>@bodyfile</c>; a blank line ends an entry, lines that begin with # are comments. JSON: an object
/// on each line, with <c>method</c>, <c>url</c>, <c>header</c> (a list of values for each name) and <c>body</c>
/// (base64).</summary>
public static class TargetFile
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <returns>The entries, and what is wrong with lines that cannot be read.</returns>
    public static (IReadOnlyList<TargetEntry> Entries, IReadOnlyList<string> Problems) Parse(IEnumerable<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var trimmed = lines.Select(line => line.Trim()).ToList();
        return trimmed.Find(line => line.Length > 0)?.StartsWith('{') == true ? ParseJson(trimmed) : ParseHttp(trimmed);
    }

    private static (IReadOnlyList<TargetEntry> Entries, IReadOnlyList<string> Problems) ParseJson(List<string> lines)
    {
        var entries = new List<TargetEntry>();
        var problems = new List<string>();
        foreach (var (index, line) in lines.Index().Where(line => line.Item.Length > 0))
        {
            try
            {
                var (method, url, header, body) = JsonSerializer.Deserialize<JsonTarget>(line, s_json)
                    ?? throw new JsonException();
                var headers = (header ?? []).SelectMany(entry =>
                    (entry.Value ?? []).Select(value => $"{entry.Key}: {value}")
                );
                if (header?.Keys.FirstOrDefault(name => name.Contains(':', StringComparison.Ordinal)) is { } name)
                    problems.Add($"line {index + 1}: header '{name}': expected a name without a colon");
                else
                    entries.Add(new TargetEntry(index + 1, method, url, [.. headers], null, body));
            }
            catch (JsonException e)
            {
                problems.Add(
                    $"line {index + 1}{(e.Path is null or "$" ? "" : $", {e.Path[2..]}")}: "
                        + """expected {"method":"GET","url":"http://…"}, with "header":{"Name":["value"]} """
                        + "and a \"body\" in base64 if there are any, and no other fields"
                );
            }
        }
        return (entries, problems);
    }

    private static (IReadOnlyList<TargetEntry> Entries, IReadOnlyList<string> Problems) ParseHttp(List<string> lines)
    {
        var entries = new List<TargetEntry>();
        var problems = new List<string>();
        var isOpen = false;
        var number = 0;
        foreach (var line in lines)
        {
            number++;
            if (line.StartsWith('#'))
                continue;
            if (line.Length == 0)
            {
                isOpen = false;
            }
            else if (line is ['@', _, ..] && isOpen && entries[^1].BodyFile is { } body)
            {
                problems.Add($"line {number} '{line}': the body of this entry is @{body} already");
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

    private sealed record JsonTarget(
        string Method,
        string Url,
        Dictionary<string, string?[]?>? Header = null,
        byte[]? Body = null
    );
}
