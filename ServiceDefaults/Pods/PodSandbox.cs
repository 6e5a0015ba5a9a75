using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;

namespace CiliumDebugging.ServiceDefaults.Pods;

/// <summary>The place on the embedded cluster that the kubelet gives a Pod's process
/// (<see cref="PodEnvironment.BackingAddress"/>): which Pod it is, its addresses and its ports. The process listens on
/// the backing address, and ends when its kubelet is gone (<see cref="KubeletLifetime"/>).</summary>
public sealed class PodSandbox
{
    private PodSandbox(ClusterAccess access) => Access = access;

    /// <summary>How to reach the embedded cluster's API.</summary>
    public ClusterAccess Access { get; }

    /// <summary>Name, namespace and node.</summary>
    public required PodIdentity Identity { get; init; }

    /// <summary>metadata.uid of the Pod.</summary>
    public required string Uid { get; init; }

    /// <summary>The Pod's address: what its own connections start from and where others reach it, through the
    /// datapath.</summary>
    public required IPAddress PodAddress { get; init; }

    /// <summary>The private address this process listens on.</summary>
    public required IPAddress BackingAddress { get; init; }

    /// <summary>What is added to every port where it is listened on; 0 unless a port was taken on this
    /// machine.</summary>
    public int PortOffset { get; init; }

    /// <summary>Container ports, as in the Pod object.</summary>
    public required IReadOnlyList<int> ContainerPorts { get; init; }

    internal byte[] ConnectionToken => SandboxContract.ConnectionToken(Access.Token, Uid);

    /// <summary>The place that the kubelet gave this process; null on a real cluster and outside any cluster.</summary>
    /// <param name="configuration">Where <see cref="PodEnvironment"/> is read from.</param>
    /// <exception cref="FormatException">A variable is missing or cannot be read; the message names it.</exception>
    public static PodSandbox? OfKubelet(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (string.IsNullOrEmpty(configuration[PodEnvironment.BackingAddress]))
            return null;
        var api = new Uri(Required(configuration, PodEnvironment.ApiUrl));
        var token = Required(configuration, PodEnvironment.ApiToken);
        return new PodSandbox(new ClusterAccess(api, token, configuration[PodEnvironment.ApiAuthority]))
        {
            Identity = PodIdentity.FromConfiguration(configuration),
            Uid = Required(configuration, PodEnvironment.PodUid),
            PodAddress = IPAddress.Parse(Required(configuration, PodEnvironment.PodIp)),
            BackingAddress = IPAddress.Parse(Required(configuration, PodEnvironment.BackingAddress)),
            PortOffset = int.Parse(configuration[PodEnvironment.PortOffset] ?? "0", CultureInfo.InvariantCulture),
            ContainerPorts = [.. Ports(configuration[PodEnvironment.PodPorts] ?? "")],
        };
    }

    private static string Required(IConfiguration configuration, string variable) =>
        configuration[variable] is { Length: > 0 } value
            ? value
            : throw new FormatException(
                $"{PodEnvironment.BackingAddress} is set and {variable} is not: the kubelet sets both"
            );

    private static IEnumerable<int> Ports(string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(pair =>
                pair.Split('=') is [_, var port]
                    ? int.Parse(port, CultureInfo.InvariantCulture)
                    : throw new FormatException($"{PodEnvironment.PodPorts}: '{pair}' is not name=number")
            );
}
