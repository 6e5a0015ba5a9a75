using CiliumDebugging.ClusterSetup.Embedded.Api;
using CiliumDebugging.ClusterSetup.Embedded.Api.Kinds;
using CiliumDebugging.ClusterSetup.Embedded.Api.Storage;
using CiliumDebugging.ClusterSetup.Embedded.Network;
using CiliumDebugging.ClusterSetup.Policies;

namespace CiliumDebugging.ClusterSetup.Embedded.ControlPlane;

/// <summary>What the API server checks and completes before it stores an object.</summary>
internal static class ClusterAdmission
{
    /// <summary>Policies are read as the datapath will read them, and refused with every problem; Services are checked and get addresses and node ports of their own.</summary>
    public static void Register(ObjectStore store, AddressBlocks addresses)
    {
        foreach (var kind in (ResourceKind[])[ResourceKinds.CiliumNetworkPolicies, ResourceKinds.CiliumClusterwideNetworkPolicies, ResourceKinds.NetworkPolicies])
            store.Admit(kind, AdmitPolicy);
        store.Admit(ResourceKinds.Services, new ServiceAdmission(store, addresses).Admit);
    }

    private static List<FieldError> AdmitPolicy(AdmissionRequest request) =>
        [.. PolicyReader.ReadJson(request.Proposed, $"{request.Kind.Kind} {request.Namespace}/{request.Name}").Problems.Select(p => new FieldError(p.Field, p.Message))];
}
