using System.Globalization;
using System.Text.RegularExpressions;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api.RealServer;

/// <summary>Answers without what is different each time: times, ages, addresses, generated names.</summary>
internal static class Answers
{
    private const string Month = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";

    /// <summary>The alphabet of names that Kubernetes generates.</summary>
    private const string Generated = "[bcdfghjklmnpqrstvwxz2456789]";

    private static readonly (Regex Pattern, string Replacement)[] s_replacements =
    [
        (new(@"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UID"),
        (new(@"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(Z| \+0000 UTC)"), "TIME"),
        (new($@"\w{{3}}, \d{{2}} {Month} \d{{4}} \d{{2}}:\d{{2}}:\d{{2}} \+0000"), "TIME"),
        (new(@"(resourceVersion: |Resource Version:\s+)""?\d+""?"), "$1VERSION"),
        (new(@"\b\d{1,3}(\.\d{1,3}){3}\b"), "ADDRESS"),
        (new(@"\b3[0-2]\d{3}\b"), "NODEPORT"),
        (new($@"-{Generated}{{8,10}}-{Generated}{{5}}\b"), "-HASH-NAME"),
        (new($@"-{Generated}{{8,10}}\b"), "-HASH"),
        (new($@"(?<=pod-template-hash[:=] ?){Generated}{{8,10}}\b"), "HASH"),
        (new($@"(?<=(count|web|ext|np|lb|headless|slice)-){Generated}{{5}}\b"), "NAME"),
        (new(@"(?<=\s)(\d+[dhms]){1,2}(?=\s|\z)"), "AGE"),
        (new(@"(?<=\S) {2,}"), "  "),
        (new(@"[ \t]+(?=\n|\z)"), ""),
        (new(@"-{3,}"), "---"),
    ];

    public static string Of(RecordedCommand command, int code, string output, string error)
    {
        var text = $"[exit {code}]\n{output}";
        if (error.Length > 0)
            text += $"[stderr]\n{error}";
        return Normalise(command.Words, text.EndsWith('\n') ? text : text + "\n");
    }

    public static string Normalise(IReadOnlyList<string> words, string text)
    {
        var lines = Normalise(text).TrimEnd('\n').Split('\n');
        if (words[0] == "explain")
            lines = [.. lines.Where(IsMember).Select(l => l.Trim().Split(' ', '\t')[0]), lines[0]];
        // Rows are in the order of names that are generated.
        var isTable = words[0] is "get" or "explain" && !words.Contains("yaml") && !words.Contains("--raw");
        IEnumerable<string> ordered = isTable ? lines.Order(StringComparer.Ordinal) : lines;
        return string.Join('\n', ordered);

        static bool IsMember(string line) => Regex.IsMatch(line, @"^\s+\w+\s+<");
    }

    public static string Normalise(string text)
    {
        text = Regex.Replace(text, """intstr\.IntOrString\{Type:0, IntVal:(\d+), StrVal:""\}""", "$1");
        text = Regex.Replace(text, """intstr\.IntOrString\{Type:1, IntVal:0, StrVal:("[^"]*")\}""", "$1");
        text = WithoutObjects(text.ReplaceLineEndings("\n"));
        text = s_replacements.Aggregate(text, (t, r) => r.Pattern.Replace(t, r.Replacement));
        return Differences.Declared.Apply(text);
    }

    /// <summary>Where a value that is refused is an object, a real server prints it in the words of Go.</summary>
    private static string WithoutObjects(string text)
    {
        var from = 0;
        while (true)
        {
            var start = Regex.Match(text[from..], @"(?<=value: )(\[\]|[\w.])*(\[\w+\]\w+)?[{\[(]");
            if (!start.Success)
                return text;
            var (at, depth) = (from + start.Index + start.Length, 1);
            for (; at < text.Length && depth > 0; at++)
                depth +=
                    text[at] is '{' or '[' or '(' ? 1
                    : text[at] is '}' or ']' or ')' ? -1
                    : 0;
            text = string.Concat(text.AsSpan(0, from + start.Index), "OBJECT", text.AsSpan(at));
            from += start.Index;
        }
    }

    /// <summary>The lines that only one of two texts has.</summary>
    public static string Diff(string real, string embedded)
    {
        var (a, b) = (real.Split('\n'), embedded.Split('\n'));
        var lines = a.Except(b).Select(l => $"  - {l}").Concat(b.Except(a).Select(l => $"  + {l}"));
        return string.Join('\n', lines.DefaultIfEmpty("  (order, or number of equal lines)"));
    }
}
