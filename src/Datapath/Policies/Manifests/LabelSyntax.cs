using System.Text.RegularExpressions;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Kubernetes' rules for names and labels.</summary>
internal static partial class LabelSyntax
{
    private const string ReservedPrefix = "reserved.";

    /// <summary>Checks a label key without source: an optional DNS prefix and a name of up to 63 characters.</summary>
    public static string? KeyError(string key)
    {
        int slash = key.IndexOf('/', StringComparison.Ordinal);
        string name = slash < 0 ? key : key[(slash + 1)..];
        if (slash >= 0 && !IsSubdomain(key[..slash]))
            return "the part of a label key before '/' must be a DNS name of lower-case letters, digits, '-' and '.'";
        return name.Length is > 0 and <= 63 && NamePattern().IsMatch(name)
            ? null
            : "a label key is up to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit";
    }

    public static string? ValueError(string value) =>
        value.Length == 0 || (value.Length <= 63 && NamePattern().IsMatch(value))
            ? null
            : "a label value is empty, or up to 63 letters, digits, '-', '_' and '.', "
                + "beginning and ending with a letter or digit";

    public static bool IsSubdomain(string name) => name.Length is > 0 and <= 253 && SubdomainPattern().IsMatch(name);

    public static bool IsNamespace(string name) => name.Length is > 0 and <= 63 && NamespacePattern().IsMatch(name);

    /// <summary>A port name: letters, digits and single inner hyphens, at least one letter.</summary>
    public static bool IsPortName(string name, int lengthMax) =>
        name.Length > 0
        && name.Length <= lengthMax
        && PortNamePattern().IsMatch(name)
        && name.Any(char.IsAsciiLetter)
        && !name.Contains("--", StringComparison.Ordinal);

    /// <summary>Splits a selector's key as Cilium does (pkg/labels, GetExtendedKeyFrom): <c>source:key</c>,
    /// <c>reserved.key</c> or <c>$key</c>; from a <c>=</c> on it is cut. No source and <c>any</c> mean any source
    /// (null), and so does <see cref="Label.Unspecified"/> for a match.</summary>
    public static (string? Source, string Key) SplitSource(string text)
    {
        (string? source, string key) = Split(text);
        return (source, key.Split('=')[0]);
    }

    private static (string? Source, string Key) Split(string text)
    {
        if (text.StartsWith('$'))
            return (Label.Reserved, text[1..]);
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
            return text.StartsWith(ReservedPrefix, StringComparison.Ordinal)
                ? (Label.Reserved, text[ReservedPrefix.Length..])
                : (null, text);
        string source = text[..colon];
        return (source is "" or Label.Any ? null : source, text[(colon + 1)..]);
    }

    /// <summary>Checks a selector's key. Cilium checks it with its source in front, which counts towards the
    /// length.</summary>
    public static string? SelectorKeyError(string? source, string key) => KeyError($"{source ?? Label.Any}.{key}");

    [GeneratedRegex(@"\A[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    [GeneratedRegex(
        @"\A[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\z",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    )]
    private static partial Regex SubdomainPattern();

    [GeneratedRegex(@"\A[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamespacePattern();

    [GeneratedRegex(@"\A[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex PortNamePattern();
}
