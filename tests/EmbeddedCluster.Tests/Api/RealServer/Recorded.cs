using System.Text;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api.RealServer;

/// <summary>What a real API server answered: the files that <c>record</c> has written.</summary>
internal static class Recorded
{
    public static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Api", "RealServer", name);

    /// <summary>Lines of a file, without empty ones and comments.</summary>
    public static IEnumerable<string> Lines(string name) =>
        File.ReadLines(PathOf(name)).Where(line => line.Length > 0 && !line.StartsWith("# ", StringComparison.Ordinal));
}

/// <summary>A kubectl command line and its answer.</summary>
/// <param name="Section">The namespace that it runs in.</param>
/// <param name="Line">As commands.txt has it.</param>
/// <param name="Answer">Exit code and output, normalised.</param>
internal sealed record RecordedCommand(string Section, string Line, string Answer)
{
    public IReadOnlyList<string> Words { get; } = Split(Line);

    public string Name => $"{Section}: {Line}";

    public static IReadOnlyList<RecordedCommand> Read()
    {
        var all = new List<RecordedCommand>();
        var (section, line, text) = ("", "", new StringBuilder());
        foreach (var next in File.ReadLines(Recorded.PathOf("commands.real.txt")).Append("$ "))
        {
            var isCommand = next.StartsWith("$ ", StringComparison.Ordinal);
            var isSection = next.StartsWith("## ", StringComparison.Ordinal);
            if (!isCommand && !isSection)
            {
                text.Append(next).Append('\n');
                continue;
            }
            if (line.Length > 0)
                all.Add(new RecordedCommand(section, line, Answers.Normalise(Split(line), text.ToString())));
            text.Clear();
            (section, line) = isSection ? (next[3..], "") : (section, next[2..]);
        }
        return all;
    }

    /// <summary>The words of a command line, as a shell splits it at blanks outside of single quotes.</summary>
    private static List<string> Split(string line)
    {
        var (words, word, isQuoted) = (new List<string>(), new StringBuilder(), false);
        foreach (var c in line + " ")
        {
            if (c == '\'')
                isQuoted = !isQuoted;
            else if (c != ' ' || isQuoted)
                word.Append(c);
            else if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }
        return words;
    }
}

/// <summary>A request, made as a dry run, and its answer.</summary>
/// <param name="Line">As requests.txt has it: method, path below the namespace, body.</param>
/// <param name="Answer">Status code and message, normalised.</param>
internal sealed record RecordedRequest(string Line, string Answer)
{
    public const string Namespace = "requests";

    private static readonly Dictionary<string, string> s_mediaTypes = new(StringComparer.Ordinal)
    {
        ["merge"] = "application/merge-patch+json",
        ["strategic"] = "application/strategic-merge-patch+json",
    };

    private string[] Parts => Line.Split(' ', Method == "PATCH" ? 4 : 3);

    public string Method => Line[..Line.IndexOf(' ', StringComparison.Ordinal)];

    public string Body => Parts[^1];

    public string MediaType => Method == "PATCH" ? s_mediaTypes[Parts[1]] : "application/json";

    public string Url
    {
        get
        {
            var place = Parts[^2];
            var kind = ResourceKinds.All.Single(k => k.Plural == place.Split('/')[0]);
            var root = kind.Group.Length == 0 ? "api" : "apis";
            var inside = kind.Namespaced ? $"/namespaces/{Namespace}" : "";
            return $"/{root}/{kind.ApiVersion}{inside}/{place}?dryRun=All";
        }
    }

    public static IReadOnlyList<RecordedRequest> Read() =>
        [
            .. Recorded
                .Lines("requests.txt")
                .Zip(File.ReadLines(Recorded.PathOf("requests.real.txt")), (line, answer) =>
                    new RecordedRequest(line, Answers.Normalise(answer))
                ),
        ];
}
