using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Status;
using CiliumDebugging.EmbeddedCluster.Api.Storage;
using CiliumDebugging.EmbeddedCluster.Network;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>What the API server checks and completes before it stores an object.</summary>
internal static class ClusterAdmission
{
    /// <summary>
    /// Policies are read as the datapath will read them, and refused with every problem; Services are checked and get
    /// addresses and node ports of their own.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="addresses">Where Services get addresses from.</param>
    /// <param name="release">The release of Cilium whose rules hold for policies.</param>
    public static void Register(ObjectStore store, AddressBlocks addresses, Func<CiliumVersion> release)
    {
        List<FieldError> AdmitPolicy(AdmissionRequest request) =>
            [
                .. PolicyReader
                    .ReadJson(request.Proposed, $"{request.Kind.Kind} {request.Namespace}/{request.Name}", release())
                    .Problems.Select(p => new FieldError(p.Field, p.Message)),
            ];

        store.Admit(ResourceKinds.CiliumNetworkPolicies, AdmitPolicy);
        store.Admit(ResourceKinds.CiliumClusterwideNetworkPolicies, AdmitPolicy);
        store.Admit(ResourceKinds.NetworkPolicies, AdmitPolicy);
        store.Admit(ResourceKinds.Services, new ServiceAdmission(store, addresses).Admit);
    }
}
