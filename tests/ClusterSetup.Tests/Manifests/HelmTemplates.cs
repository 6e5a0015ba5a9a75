using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CiliumDebugging.ClusterSetup.Embedded.Api.Encodings;
using CiliumDebugging.ClusterSetup.Manifests;

namespace CiliumDebugging.ClusterSetup.Tests.Manifests;

/// <summary>As much of Helm's template language as the lab's chart uses: <c>if</c> with one value or <c>or</c>, <c>end</c>, values in text and <c>{{</c> as a string. Anything else is an error.</summary>
internal static partial class HelmTemplates
{
    /// <summary>Stands for <c>{{</c> that came out of an action, until it is clear that no other is left.</summary>
    private const string Braces = "\u0001";

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
                // One action after the other, as Helm takes them: a value or braces to be left alone.
                text.Add(Text().Replace(line, m => m.Groups[1].Success ? Value(m.Groups[1].Value, values)!.ToString() : Braces));
            }
        }
        open.ShouldBeEmpty("every if has its end");
        var rendered = string.Join('\n', text);
        rendered.ShouldNotContain("{{");
        return rendered.Trim().Length == 0 ? null : new Manifest(Yaml.Parse(rendered.Replace(Braces, "{{", StringComparison.Ordinal)).Value!.AsObject());
    }

    private static JsonNode? Value(string path, JsonObject values)
    {
        path.ShouldStartWith(".Values.");
        return path[".Values.".Length..].Split('.').Aggregate((JsonNode?)values, (node, name) => node?[name]).ShouldNotBeNull(path);
    }

    [GeneratedRegex(@"^\s*# \{\{ (?:if ([\w. ]+)|end) \}\}$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\{\{(?: (\.[\w.]+) |`\{\{`)\}\}")]
    private static partial Regex Text();
}
