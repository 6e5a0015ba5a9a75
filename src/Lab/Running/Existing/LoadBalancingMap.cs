using System.Text.RegularExpressions;

namespace CiliumDebugging.Lab.Running.Existing;

/// <summary>Reads <c>cilium bpf lb list</c> of any release and compares it with a Service's EndpointSlices.</summary>
internal static partial class LoadBalancingMap
{
    /// <summary>The backends of a frontend.</summary>
    public static IReadOnlyList<string> Backends(string list, string frontend)
    {
        ArgumentNullException.ThrowIfNull(list);
        var backends = new List<string>();
        var current = "";
        foreach (var line in list.Split('\n'))
        {
            var addresses = Address().Matches(line).Select(m => m.Value).ToList();
            // A line that begins with an address begins a frontend; its backends follow there and on indented lines.
            if (line.Length > 0 && !char.IsWhiteSpace(line[0]) && addresses.Count > 0)
            {
                current = addresses[0];
                addresses.RemoveAt(0);
            }
            if (current == frontend)
                backends.AddRange(addresses.Where(a => !a.StartsWith("0.0.0.0:", StringComparison.Ordinal)));
        }
        return backends;
    }

    /// <summary>The comparison in words.</summary>
    public static string Compare(string list, string frontend, IReadOnlyCollection<string> endpoints)
    {
        var backends = Backends(list, frontend).ToHashSet(StringComparer.Ordinal);
        if (backends.Count == 0)
            return $"the map has no backend of {frontend}";
        var missing = endpoints.Except(backends).Order(StringComparer.Ordinal).ToList();
        var stale = backends.Except(endpoints).Order(StringComparer.Ordinal).ToList();
        if (missing.Count + stale.Count == 0)
            return $"the map has the {backends.Count} endpoints of {frontend}";
        List<string> differences = [];
        if (missing.Count > 0)
            differences.Add($"lacks {string.Join(", ", missing)}");
        if (stale.Count > 0)
            differences.Add($"has {string.Join(", ", stale)}, which no EndpointSlice has");
        return $"the map of {frontend} {string.Join(" and ", differences)}";
    }

    [GeneratedRegex(@"\d{1,3}(?:\.\d{1,3}){3}:\d{1,5}", RegexOptions.CultureInvariant)]
    private static partial Regex Address();
}
