using System.Net;
using System.Net.Sockets;
using CiliumDebugging.ServiceDefaults.Pods;

namespace CiliumDebugging.LoadTest.Pod;

/// <summary>Finds the address to dial: by DNS; on the embedded cluster, which has none, the Service object, whose
/// address and port offset play DNS.</summary>
/// <param name="sandbox">The Pod of the embedded cluster that the process is, if it is one.</param>
/// <param name="family">Of the address that requests start from; null: any.</param>
public sealed class TargetResolver(PodSandbox? sandbox = null, AddressFamily? family = null)
{
    /// <summary>Resolves a target.</summary>
    /// <exception cref="AttackRefusedException">The host is unknown, or has no address of the family.</exception>
    public async Task<IPEndPoint> ResolveAsync(Uri url, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(url);
        if (IPAddress.TryParse(url.Host, out var literal))
            return new IPEndPoint(literal, url.Port + (sandbox?.PortOffset ?? 0));
        try
        {
            return sandbox is null
                ? await ResolveNameAsync(url, cancellationToken)
                : await ResolveServiceAsync(sandbox, url, cancellationToken);
        }
        catch (Exception e) when (e is SocketException or ArgumentException or HttpRequestException)
        {
            throw new AttackRefusedException(
                $"host '{url.IdnHost}' of {url} cannot be resolved: {e.Message}; give an address or check the name",
                e
            );
        }
    }

    private async Task<IPEndPoint> ResolveNameAsync(Uri url, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(url.IdnHost, cancellationToken);
        var address = addresses.FirstOrDefault(address => family is null || address.AddressFamily == family)
            ?? throw new AttackRefusedException(
                $"host '{url.IdnHost}' of {url} has no address of the source address's family, only "
                    + $"{string.Join(", ", addresses.AsEnumerable())}: give another source address or target"
            );
        return new IPEndPoint(address, url.Port);
    }

    private static async Task<IPEndPoint> ResolveServiceAsync(
        PodSandbox sandbox,
        Uri url,
        CancellationToken cancellationToken
    )
    {
        var labels = url.Host.Split('.');
        var (name, ns) = (labels[0], labels.Length > 1 ? labels[1] : sandbox.Identity.Namespace);
        var service = await sandbox.Access.FindServiceAsync(ns, name, cancellationToken);
        if (service is { Type: "ExternalName" })
            throw new AttackRefusedException(
                $"host '{url.Host}' of {url}: Service {ns}/{name} is an ExternalName, which the lab cannot reach; "
                    + "give a Service with a cluster IP"
            );
        if (service is { Address: null })
            throw new AttackRefusedException(
                $"host '{url.Host}' of {url}: Service {ns}/{name} is headless (it has no cluster IP); give a Service "
                    + "with a cluster IP, or the address of a pod"
            );
        var address = service?.Address
            ?? throw new AttackRefusedException(
                $"host '{url.Host}' of {url}: the cluster has no Service {ns}/{name} with an address"
            );
        return new IPEndPoint(address, url.Port + sandbox.PortOffset);
    }
}

/// <summary>An order that cannot be carried out; the message says why.</summary>
public sealed class AttackRefusedException(string message, Exception? cause = null) : Exception(message, cause);
