using System.Security.Cryptography;
using System.Text;

namespace CiliumDebugging.ServiceDefaults.Pods;

/// <summary>What a Pod's process and the embedded cluster's datapath agree on: the annotations that say where a Pod
/// listens, and the token by which a Pod recognises the datapath's connections.</summary>
public static class SandboxContract
{
    /// <summary>Annotation on a Pod: the private loopback address its process listens on. Only the datapath connects
    /// there.</summary>
    public const string BackingAddress = "sandbox.cilium-debugging/backing-address";

    /// <summary>Annotation on a Pod: what is added to every port where it is listened on.</summary>
    public const string PortOffset = "sandbox.cilium-debugging/port-offset";

    /// <summary>Prefix of the annotations, one per named container port, with the port that is really listened on:
    /// container port plus <see cref="PortOffset"/>. For readers that cannot add, such as Prometheus's
    /// relabelling.</summary>
    public const string PortPrefix = "sandbox.cilium-debugging/port-";

    /// <summary>Length of a connection token, bytes.</summary>
    public const int ConnectionTokenLength = 32;

    /// <summary>The token that starts every connection from the datapath to this Pod: HMAC-SHA256 of the Pod's uid
    /// under the cluster's API token. Both sides derive it, so no object and no log contains it.</summary>
    /// <param name="apiToken">Bearer token of the embedded cluster's API.</param>
    /// <param name="podUid">metadata.uid of the Pod.</param>
    public static byte[] ConnectionToken(string apiToken, string podUid) =>
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(apiToken), Encoding.UTF8.GetBytes(podUid));
}
