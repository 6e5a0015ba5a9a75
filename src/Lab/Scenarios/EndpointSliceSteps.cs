using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace CiliumDebugging.Lab.Scenarios;

/// <summary>Reads the step that gives the Service an EndpointSlice.</summary>
internal static partial class EndpointSliceSteps
{
    private const int MaxAddresses = 100,
        MaxName = 63;

    /// <summary>The step; null when it cannot be read, with the reasons in <paramref name="problems"/>.</summary>
    /// <param name="value">The fields of <c>endpointSlice</c>.</param>
    /// <param name="path">Where it is, such as <c>steps[2].endpointSlice</c>.</param>
    /// <param name="problems">Receives what is wrong.</param>
    public static EndpointSliceStep? Read(object? value, string path, List<string> problems)
    {
        var before = problems.Count;
        var fields = (value as IDictionary<object, object> ?? new Dictionary<object, object>()).ToDictionary(
            f => $"{f.Key}",
            f => f.Value,
            StringComparer.Ordinal
        );
        fields.Remove("name", out var name);
        if (!IsName($"{name}"))
            problems.Add(
                $"{path}.name '{name}' must be the name of an EndpointSlice: at most {MaxName} small letters, digits "
                    + "and '-'"
            );
        if (!fields.Remove("addresses", out var list) || list is not IList<object> addresses)
        {
            problems.Add($"{path}.addresses must be a list, such as [192.0.2.1]; [] takes all addresses out");
            addresses = [];
        }
        if (addresses.Count > MaxAddresses)
            problems.Add($"{path}.addresses has {addresses.Count} addresses; at most {MaxAddresses} are taken");
        foreach (var address in addresses.Where(a => !IsAddress($"{a}")))
            problems.Add($"{path}.addresses: '{address}' is not an IPv4 address such as 192.0.2.1");
        foreach (var unknown in fields.Keys)
            problems.Add($"{path}.{unknown} is unknown; fields are name, addresses");
        return problems.Count == before
            ? new EndpointSliceStep($"{name}", [.. addresses.Select(a => $"{a}").Distinct(StringComparer.Ordinal)])
            : null;
    }

    private static bool IsName(string text) => text.Length <= MaxName && Label().IsMatch(text);

    private static bool IsAddress(string text) =>
        IPAddress.TryParse(text, out var address)
        && address.AddressFamily is AddressFamily.InterNetwork
        && address.ToString() == text;

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Label();
}
