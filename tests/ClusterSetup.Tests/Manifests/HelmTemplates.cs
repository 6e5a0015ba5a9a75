using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CiliumDebugging.ClusterSetup.Embedded.Api.Encodings;
using CiliumDebugging.ClusterSetup.Manifests;

namespace CiliumDebugging.ClusterSetup.Tests.Manifests;

/// <summary>As much of Helm's template language as the lab's chart uses: <c>if</c> with one value or <c>or</c>, <c>end</c>, and values in text. Anything else is an error.</summary>
internal static partial class HelmTemplates
{
    /// <summary>Renders a template; null when nothing but comments is left.</summary>
    public static Manifest? Render(string template, JsonObject values)
    {
        var text = new List<string>();
        var open = new Stack<bool>();
        foreach (var line in template.Split('\n'))
        {
            if (Comment().Match(line) is { Success: true } action)
            {
                if (action.Groups[1].Value is { Length: > 0 } condition) open.Push(condition.Split(' ').Where(w => w != "or").Any(v => (bool)Value(v, values)!));
                else open.Pop();
            }
            else if (open.All(o => o) && line != "---")
            {
                text.Add(Text().Replace(line, m => Value(m.Groups[1].Value, values)!.ToString()));
            }
        }
        open.ShouldBeEmpty("every if has its end");
        var rendered = string.Join('\n', text);
        rendered.ShouldNotContain("{{");
        return rendered.Trim().Length == 0 ? null : new Manifest(Yaml.Parse(rendered).Value!.AsObject());
    }

    private static JsonNode? Value(string path, JsonObject values)
    {
        path.ShouldStartWith(".Values.");
        return path[".Values.".Length..].Split('.').Aggregate((JsonNode?)values, (node, name) => node?[name]).ShouldNotBeNull(path);
    }

    [GeneratedRegex(@"^\s*# \{\{ (?:if ([\w. ]+)|end) \}\}$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\{\{ (\.[\w.]+) \}\}")]
    private static partial Regex Text();
}
