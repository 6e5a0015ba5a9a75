using System.Collections.Immutable;
using System.Net;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Policies;
using k8s.Models;

namespace CiliumDebugging.ClusterModel;

/// <summary>Services as policies see them.</summary>
public static class ServiceReferences
{
    /// <summary>Makes one of the API's objects.</summary>
    /// <param name="service">The Service.</param>
    /// <param name="slices">Its EndpointSlices.</param>
    public static ReferencedService Of(V1Service service, IEnumerable<V1EndpointSlice> slices)
    {
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(slices);
        return new ReferencedService(
            service.Namespace(),
            service.Name(),
            [.. service.Labels() ?? ImmutableDictionary<string, string>.Empty],
            [.. service.Spec.Selector ?? ImmutableDictionary<string, string>.Empty],
            [
                .. slices
                    .Where(s => s.AddressType is "IPv4")
                    .SelectMany(s => s.Endpoints ?? [])
                    .SelectMany(e => e.Addresses)
                    .Where(a => IPAddress.TryParse(a, out _))
                    .Select(a => TcpEndpoint.AddressOf(IPAddress.Parse(a)))
                    .Distinct(),
            ]
        );
    }
}
