using System.Security.Cryptography;

namespace CiliumDebugging.ClusterModel;

/// <summary>The environment of the <c>cluster</c> process, beside
/// <see cref="ClusterTopology.EnvironmentVariable"/>.</summary>
public static class ClusterEnvironment
{
    /// <summary>Added to every Pod and Service port where it is listened on (loopback); 0 to 50000. Policies and
    /// objects keep the plain port.</summary>
    public const string PortOffset = "CLUSTER_PORT_OFFSET";

    /// <summary>Settings of kube-system/cilium-config as <c>key=value</c> lines (Cilium's own keys).</summary>
    public const string CiliumConfig = "CLUSTER_CILIUM_CONFIG";

    /// <summary>Settings as the text of <see cref="CiliumConfig"/>.</summary>
    public static string FormatSettings(IEnumerable<KeyValuePair<string, string>> settings) =>
        string.Join('\n', settings.Select(s => $"{s.Key}={s.Value}"));

    /// <summary>Reads what <see cref="FormatSettings"/> wrote. A later line wins over an earlier one with the same
    /// key.</summary>
    /// <exception cref="FormatException">A line is not key=value.</exception>
    public static IReadOnlyDictionary<string, string> ParseSettings(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.Split('=', 2) is not [{ Length: > 0 } key, var value])
                throw new FormatException($"setting '{line}' is not key=value, for example tunnel=disabled");
            settings[key] = value;
        }
        return settings;
    }

    /// <summary>A fresh bearer token for a cluster: 256 random bits.</summary>
    public static string NewApiToken() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
}
