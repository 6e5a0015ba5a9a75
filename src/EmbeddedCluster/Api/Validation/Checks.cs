using System.Net;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Validation;

/// <summary>Checks of single values that several kinds share. An absent value passes.</summary>
internal static class Checks
{
    public static IEnumerable<FieldError> NotNegative(JsonObject? o, string path, params IEnumerable<string> names)
    {
        foreach (var name in names)
            if (o?.NumberAt(name) is < 0 and var number)
                yield return FieldError.Invalid($"{path}.{name}", number, "must be greater than or equal to 0");
    }

    /// <summary>A text that must be one of those given.</summary>
    public static IEnumerable<FieldError> OneOf(JsonObject? o, string? path, string name, params string[] values)
    {
        if (o?.Text(name) is { } text && !values.Contains(text, StringComparer.Ordinal))
            yield return FieldError.Unsupported(path is null ? name : $"{path}.{name}", text, values);
    }

    /// <summary>The problem of a list with more items than are permitted.</summary>
    public static FieldError? AtMost(JsonNode? list, int max, string path) =>
        list is JsonArray { Count: var count } && count > max ? FieldError.TooMany(path, count, max) : null;

    /// <summary>A name that must follow a rule of <see cref="Names"/>.</summary>
    public static IEnumerable<FieldError> Name(
        JsonObject? o,
        string path,
        string name,
        Func<string, IEnumerable<string>> rule
    ) =>
        o?.Text(name) is { Length: > 0 } text
            ? rule(text).Select(problem => FieldError.Invalid($"{path}.{name}", text, problem))
            : [];

    /// <summary>A port number, from 1 to 65535.</summary>
    public static IEnumerable<FieldError> Port(long number, string path)
    {
        if (number is < 1 or > 65_535)
            yield return FieldError.Invalid(path, number, "must be between 1 and 65535, inclusive");
    }

    /// <summary>A port by number or by name; an absent one counts as 0.</summary>
    public static IEnumerable<FieldError> PortOrName(JsonNode? port, string path) =>
        port is JsonValue value && value.TryGetValue<string>(out var name)
            ? Names.Port(name).Select(problem => FieldError.Invalid(path, name, problem))
            : Port(port is JsonValue number && long.TryParse(number.ToJsonString(), out var n) ? n : 0, path);

    /// <summary>
    /// An IP address as Kubernetes reads it: four decimal numbers without leading zeros, or an IPv6 address without a
    /// zone and brackets; null: it is none. .NET takes other forms, too.
    /// </summary>
    public static IPAddress? Address(string text)
    {
        var isUsual = text.Contains(':', StringComparison.Ordinal)
            ? text.All(c => char.IsAsciiHexDigit(c) || c is ':' or '.')
            : text.Split('.') is { Length: 4 } parts
                && parts.All(p => p == "0" || (p.Length > 0 && p[0] != '0' && p.All(char.IsAsciiDigit)));
        return !isUsual || !IPAddress.TryParse(text, out var address) ? null
            : address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
            : address;
    }

    /// <summary>An address that can belong to an endpoint or be external (ValidateEndpointIP).</summary>
    public static IEnumerable<FieldError> NotSpecial(IPAddress address, string text, string path)
    {
        var bytes = address.GetAddressBytes();
        var isIPv4 = bytes.Length == 4;
        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            yield return FieldError.Invalid(path, text, $"may not be unspecified ({text})");
        if (IPAddress.IsLoopback(address))
            yield return FieldError.Invalid(path, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
        if (isIPv4 ? bytes is [169, 254, ..] : address.IsIPv6LinkLocal)
            yield return FieldError.Invalid(
                path,
                text,
                "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
            );
        if (isIPv4 ? bytes is [224, 0, 0, _] : bytes[0] == 0xFF && (bytes[1] & 0x0F) == 2)
            yield return FieldError.Invalid(
                path,
                text,
                "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"
            );
    }

    /// <summary>A network in the notation of CIDR: address, slash, prefix length.</summary>
    public static bool IsCidr(string text) => IPNetwork.TryParse(text, out _) || IsHostInNetwork(text);

    // IPNetwork refuses host bits beyond the prefix, which Kubernetes takes.
    private static bool IsHostInNetwork(string text) =>
        text.Split('/') is [var address, var length]
        && IPAddress.TryParse(address, out var ip)
        && int.TryParse(length, out var bits)
        && bits >= 0
        && bits <= ip.GetAddressBytes().Length * 8;
}
