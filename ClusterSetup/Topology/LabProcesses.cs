using System.Security.Cryptography;
using System.Text;
using CiliumDebugging.ServiceDefaults.Pods;

namespace CiliumDebugging.ClusterSetup.Topology;

/// <summary>
/// The environment each process of the lab is started with. The same on both hosts: the kubelet of the embedded host and the Aspire composition call these.
/// </summary>
public static class LabProcesses
{
    /// <summary>Port on which the <c>cluster</c> process serves the Kubernetes API (loopback only); 0 takes a free one.</summary>
    public const string ApiPort = "CLUSTER_API_PORT";

    /// <summary><c>true</c>: the API is served over TLS, by a certificate of an authority made for this cluster; kubectl sends its token over TLS alone.</summary>
    public const string ApiTls = "CLUSTER_API_TLS";

    /// <summary>Added to every Pod and Service port where it is listened on (loopback); 0 to 50000. Policies and objects keep the plain port.</summary>
    public const string PortOffset = "CLUSTER_PORT_OFFSET";

    /// <summary><c>true</c>: the cluster starts the Pods of its topology itself, as child processes (embedded host). Otherwise somebody else starts them (Aspire).</summary>
    public const string Kubelet = "CLUSTER_KUBELET";

    /// <summary>Settings of kube-system/cilium-config as <c>key=value</c> lines (Cilium's own keys).</summary>
    public const string CiliumConfig = "CLUSTER_CILIUM_CONFIG";

    /// <summary>Settings as the text of <see cref="CiliumConfig"/>.</summary>
    public static string FormatSettings(IEnumerable<KeyValuePair<string, string>> settings) => string.Join('\n', settings.Select(s => $"{s.Key}={s.Value}"));

    /// <summary>Reads what <see cref="FormatSettings"/> wrote. A later line wins over an earlier one with the same key.</summary>
    /// <exception cref="FormatException">A line is not key=value.</exception>
    public static IReadOnlyDictionary<string, string> ParseSettings(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.Split('=', 2) is not [{ Length: > 0 } key, var value]) throw new FormatException($"setting '{line}' is not key=value, for example tunnel=disabled");
            settings[key] = value;
        }
        return settings;
    }

    /// <summary>A fresh bearer token for a cluster: 256 random bits.</summary>
    public static string NewApiToken() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>The environment of a Pod's process, without <see cref="PodEnvironment.ApiUrl"/> and <see cref="PodEnvironment.ApiToken"/>, which the host knows.</summary>
    public static IReadOnlyDictionary<string, string> PodVariables(PodSlot slot)
    {
        var workload = slot.Workload;
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [PodEnvironment.PodGenerateName] = $"{workload.Name}-{TemplateHash(workload)}-",
            [PodEnvironment.PodNamespace] = workload.Namespace,
            [PodEnvironment.NodeName] = slot.Node,
            [PodEnvironment.PodLabels] = string.Join(',', workload.Labels.Select(l => $"{l.Key}={l.Value}")),
        };
        if (workload.Port is { } port) variables[PodEnvironment.PodPorts] = $"http={port}";
        return variables;
    }

    /// <summary>Ten characters from Kubernetes's name alphabet that depend on the workload alone, in the place of its pod-template-hash.</summary>
    private static string TemplateHash(WorkloadSpec workload)
    {
        const string alphabet = "bcdfghjklmnpqrstvwxz2456789";
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{workload.Namespace}/{workload.Name}/{workload.Image}/{workload.Port}"));
        return string.Concat(hash.Take(10).Select(b => alphabet[b % alphabet.Length]));
    }
}
