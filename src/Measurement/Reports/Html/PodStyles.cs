using System.Collections.Immutable;
using CiliumDebugging.Measurement.Reports.Document;

namespace CiliumDebugging.Measurement.Reports.Html;

/// <summary>How a Pod looks in every picture of a report.</summary>
/// <param name="Name"><c>namespace/pod</c>.</param>
/// <param name="Short">What tells it from the others.</param>
/// <param name="Node">Its node; empty when unknown.</param>
/// <param name="OnClientNode">Whether the load test runs there.</param>
/// <param name="Index">Position among the Pods, from 0: its colour and its shape.</param>
internal sealed record PodStyle(string Name, string Short, string Node, bool OnClientNode, int Index)
{
    private const int Colours = 8;

    /// <summary>CSS class of its lines.</summary>
    public string Stroke => $"s{Index % Colours}";

    /// <summary>CSS class of its marks.</summary>
    public string Fill => $"f{Index % Colours}";

    /// <summary>With the node it runs on.</summary>
    public string Described =>
        Node.Length == 0 ? Name : $"{Name} on {Node}{(OnClientNode ? " (the client's node)" : "")}";
}

/// <summary>The Pods of a report.</summary>
internal static class PodStyles
{
    /// <summary>By <c>namespace/pod</c>.</summary>
    public static ImmutableDictionary<string, PodStyle> Of(ReportDocument document)
    {
        var known = document
            .Phases.SelectMany(p => p.Pods)
            .GroupBy(p => p.HubbleName)
            .ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
        var names = known
            .Keys.Concat(document.Series.Pods.Select(p => p.Pod))
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ToList();
        var common = CommonPrefix(names);
        return names
            .Select(
                (name, i) =>
                {
                    var pod = known.GetValueOrDefault(name);
                    var rest = name[common..];
                    return new PodStyle(
                        name,
                        rest.Length == 0 ? name : rest,
                        pod?.Node ?? "",
                        pod?.OnClientNode ?? false,
                        i
                    );
                }
            )
            .ToImmutableDictionary(p => p.Name, StringComparer.Ordinal);
    }

    /// <summary>Length of what all names have in common up to a dash or slash.</summary>
    private static int CommonPrefix(List<string> names)
    {
        if (names.Count == 0)
            return 0;
        if (names.Count == 1)
            return names[0].IndexOf('/', StringComparison.Ordinal) + 1;
        var (first, length) = (names[0], 0);
        for (var i = 0; i < first.Length && names.All(n => n.Length > i && n[i] == first[i]); i++)
            if (first[i] is '-' or '/')
                length = i + 1;
        return length;
    }
}
