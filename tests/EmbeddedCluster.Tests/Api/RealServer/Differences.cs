using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api.RealServer;

/// <summary>
/// What may differ from the real server: differences.txt. Below the heading of a reason (<c>## reason</c>), each line
/// is one of: <c>line REGEX</c>, lines that are left out of both answers; <c>text REGEX => REPLACEMENT</c>, in both
/// answers; <c>answer LINE</c>, a command (of one section: <c>SECTION: LINE</c>) or request whose answers differ.
///</summary>
internal sealed class Differences
{
    private readonly HashSet<string> _answers = new(StringComparer.Ordinal);
    private readonly List<(Regex Pattern, string Replacement)> _texts = [];

    private Differences(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            var (verb, rest) = (line.Split(' ')[0], line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
            switch (verb)
            {
                case "##":
                    Reasons = Reasons.Add(rest);
                    break;
                case "line":
                    _texts.Add((new Regex($@"(?<=\n|\A){rest}[^\n]*(\n|\z)", RegexOptions.Compiled), ""));
                    break;
                case "text":
                    var parts = rest.Split(" => ", 2);
                    _texts.Add(
                        (
                            new Regex(parts[0], RegexOptions.Compiled),
                            parts[1].Replace("\\n", "\n", StringComparison.Ordinal)
                        )
                    );
                    break;
                case "answer":
                    _answers.Add(rest);
                    break;
                default:
                    throw new FormatException($"differences.txt: {line}");
            }
        }
    }

    public static Differences Declared { get; } = new(Recorded.Lines("differences.txt"));

    public ImmutableArray<string> Reasons { get; private set; } = [];

    /// <summary>Whether the answers to a command or request may differ.</summary>
    public bool Of(string line) => _answers.Contains(line);

    /// <summary>Declared commands and requests that there are not.</summary>
    public IEnumerable<string> Unknown(IReadOnlyCollection<string> lines) => _answers.Except(lines);

    /// <summary>An answer without what may differ in any.</summary>
    public string Apply(string text) => _texts.Aggregate(text, (t, r) => r.Pattern.Replace(t, r.Replacement));
}
