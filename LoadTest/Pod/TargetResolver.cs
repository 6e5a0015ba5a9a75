using System.Net;
using System.Net.Sockets;
using CiliumDebugging.LoadTest.Attack;
using CiliumDebugging.ServiceDefaults.Pods;

namespace CiliumDebugging.LoadTest.Pod;

/// <summary>Finds the address to dial: the cluster's DNS on a real cluster; on the embedded one the Service object, whose address and port offset play DNS.</summary>
public sealed class TargetResolver(PodSandbox? sandbox = null)
{
    /// <summary>Resolves a target.</summary>
    /// <exception cref="AttackRefusedException">The host is unknown.</exception>
    public async Task<IPEndPoint> ResolveAsync(Uri url, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(url);
        if (IPAddress.TryParse(url.Host, out var literal)) return new IPEndPoint(literal, url.Port + (sandbox?.PortOffset ?? 0));
        if (sandbox is not null) return await ResolveServiceAsync(sandbox, url, cancellationToken);
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(url.Host, AddressFamily.InterNetwork, cancellationToken);
            return new IPEndPoint(addresses[0], url.Port);
        }
        catch (SocketException e)
        {
            throw new AttackRefusedException($"host '{url.Host}' of {url} cannot be resolved: {e.Message}");
        }
    }

    private static async Task<IPEndPoint> ResolveServiceAsync(PodSandbox sandbox, Uri url, CancellationToken cancellationToken)
    {
        var labels = url.Host.Split('.');
        var (name, ns) = (labels[0], labels.Length > 1 ? labels[1] : sandbox.Identity.Namespace);
        var address = await sandbox.Access.FindServiceAsync(ns, name, cancellationToken)
            ?? throw new AttackRefusedException($"host '{url.Host}' of {url} is no Service: there is no Service {ns}/{name} with an address on the cluster");
        return new IPEndPoint(address, url.Port + sandbox.PortOffset);
    }
}

/// <summary>An order that cannot be carried out; the message says why.</summary>
public sealed class AttackRefusedException(string message) : Exception(message);
