using System.Text.RegularExpressions;

namespace CiliumDebugging.EmbeddedCluster.Api.Validation;

/// <summary>
/// What names must look like, and the words for those that do not (apimachinery, pkg/util/validation). Each function
/// gives the problems; none: the name is good.
/// </summary>
internal static partial class Names
{
    private const string LabelPattern = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private const string ServiceLabelPattern = "[a-z]([-a-z0-9]*[a-z0-9])?";
    private const string SubdomainPattern = LabelPattern + @"(\." + LabelPattern + ")*";
    private const string NamePattern = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
    private const string LabelValuePattern = "(" + NamePattern + ")?";
    private const string VariablePattern = "[-._a-zA-Z][-._a-zA-Z0-9]*";
    private const string KeyPattern = "[-._a-zA-Z0-9]+";
    private const int MaxLabel = 63;
    private const int MaxSubdomain = 253;
    private const int MaxPortName = 15;

    [GeneratedRegex(@"^" + LabelPattern + @"\z", RegexOptions.NonBacktracking)]
    private static partial Regex LabelRegex { get; }

    [GeneratedRegex(@"^" + ServiceLabelPattern + @"\z", RegexOptions.NonBacktracking)]
    private static partial Regex ServiceLabelRegex { get; }

    [GeneratedRegex(@"^" + SubdomainPattern + @"\z", RegexOptions.NonBacktracking)]
    private static partial Regex SubdomainRegex { get; }

    [GeneratedRegex(@"^" + NamePattern + @"\z", RegexOptions.NonBacktracking)]
    private static partial Regex NameRegex { get; }

    [GeneratedRegex(@"^" + LabelValuePattern + @"\z", RegexOptions.NonBacktracking)]
    private static partial Regex LabelValueRegex { get; }

    [GeneratedRegex(@"^" + VariablePattern + @"\z", RegexOptions.NonBacktracking)]
    private static partial Regex VariableRegex { get; }

    [GeneratedRegex(@"^" + KeyPattern + @"\z", RegexOptions.NonBacktracking)]
    private static partial Regex KeyRegex { get; }

    /// <summary>A DNS-1123 label, such as a container's name.</summary>
    public static IEnumerable<string> Label(string text) =>
        Check(
            text,
            MaxLabel,
            LabelRegex,
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and "
                + "end with an alphanumeric character",
            $"'my-name',  or '123-abc', regex used for validation is '{LabelPattern}'"
        );

    /// <summary>A DNS-1035 label, such as a Service's name.</summary>
    public static IEnumerable<string> ServiceLabel(string text) =>
        Check(
            text,
            MaxLabel,
            ServiceLabelRegex,
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
                + "character, and end with an alphanumeric character",
            $"'my-name',  or 'abc-123', regex used for validation is '{ServiceLabelPattern}'"
        );

    /// <summary>A DNS-1123 subdomain: labels joined by dots.</summary>
    public static IEnumerable<string> Subdomain(string text) =>
        Check(
            text,
            MaxSubdomain,
            SubdomainRegex,
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
                + "start and end with an alphanumeric character",
            $"'example.com', regex used for validation is '{SubdomainPattern}'"
        );

    /// <summary>The key of a label or annotation: <c>[prefix/]name</c>.</summary>
    public static IEnumerable<string> Key(string text)
    {
        var parts = text.Split('/');
        if (parts.Length > 2)
            return
            [
                "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
                    + "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
                    + $"validation is '{NamePattern}') with an optional DNS subdomain prefix and '/' (e.g. "
                    + "'example.com/MyName')",
            ];
        var prefix = parts.Length == 2 ? parts[0] : "a";
        var problems = prefix.Length == 0 ? ["prefix part must be non-empty"] : Subdomain(prefix).Select(Of("prefix"));
        if (parts[^1].Length == 0)
            problems = problems.Append("name part must be non-empty");
        return problems.Concat(
            Check(
                    parts[^1],
                    MaxLabel,
                    NameRegex,
                    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
                        + "alphanumeric character",
                    $"'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{NamePattern}'"
                )
                .Select(Of("name"))
        );

        static Func<string, string> Of(string part) => problem => $"{part} part {problem}";
    }

    public static IEnumerable<string> LabelValue(string text) =>
        Check(
            text,
            MaxLabel,
            LabelValueRegex,
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
                + "start and end with an alphanumeric character",
            $"'MyValue',  or 'my_value',  or '12345', regex used for validation is '{LabelValuePattern}'"
        );

    /// <summary>The name of a port (IANA_SVC_NAME).</summary>
    public static IEnumerable<string> Port(string text)
    {
        if (text.Length > MaxPortName)
            yield return $"must be no more than {MaxPortName} characters";
        if (!text.All(c => c is '-' or (>= 'a' and <= 'z') or (>= '0' and <= '9')))
            yield return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
        if (!text.Any(char.IsAsciiLetter))
            yield return "must contain at least one letter (a-z)";
        if (text.Contains("--", StringComparison.Ordinal))
            yield return "must not contain consecutive hyphens";
        if (text.StartsWith('-') || text.EndsWith('-'))
            yield return "must not begin or end with a hyphen";
    }

    /// <summary>The name of an environment variable.</summary>
    public static IEnumerable<string> Variable(string text) =>
        Check(
            text,
            int.MaxValue,
            VariableRegex,
            "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and "
                + "must not start with a digit",
            $"'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '{VariablePattern}'"
        );

    /// <summary>A key of a ConfigMap's data.</summary>
    public static IEnumerable<string> DataKey(string text) =>
        Check(
            text,
            MaxSubdomain,
            KeyRegex,
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
            $"'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '{KeyPattern}'"
        );

    private static IEnumerable<string> Check(string text, int max, Regex regex, string rule, string examples)
    {
        if (text.Length > max)
            yield return $"must be no more than {max} characters";
        if (!regex.IsMatch(text))
            yield return $"{rule} (e.g. {examples})";
    }
}
