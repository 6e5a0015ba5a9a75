using System.Text.RegularExpressions;

namespace CiliumDebugging.ServiceDefaults.Processes;

/// <summary>Removes credentials from text that is shown.</summary>
public static partial class Secrets
{
    /// <summary>What replaces a secret.</summary>
    public const string Hidden = "(hidden)";

    /// <summary>The text without tokens, passwords, keys and certificates.</summary>
    public static string Hide(string text) =>
        PemBlock()
            .Replace(
                Bearer().Replace(Field().Replace(InUrl().Replace(text, $"//{Hidden}@"), $"$1{Hidden}"), $"$1{Hidden}"),
                Hidden
            );

    [GeneratedRegex(@"//[^/?#\s""']*@", RegexOptions.CultureInvariant)]
    private static partial Regex InUrl();

    [GeneratedRegex(
        @"(\b[\w.-]*(?:token|password|passwd|secret|client-key-data|client-certificate-data"
            + @"|certificate-authority-data)[\w.-]*[""']?\s*[:=]\s*)[""']?[^\s""',]+[""']?",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Field();

    [GeneratedRegex(@"(\bBearer\s+)\S+", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Bearer();

    [GeneratedRegex(
        @"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----",
        RegexOptions.Singleline | RegexOptions.CultureInvariant
    )]
    private static partial Regex PemBlock();
}
