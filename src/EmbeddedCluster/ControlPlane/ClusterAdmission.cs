using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Status;
using CiliumDebugging.EmbeddedCluster.Api.Storage;
using CiliumDebugging.EmbeddedCluster.Network;
using CiliumDebugging.Releases;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>What the API server checks and completes before it stores an object.</summary>
internal static class ClusterAdmission
{
    /// <summary>
    /// Policies are read as the datapath will read them: refused with every problem, or accepted with notes. Services
    /// are checked and get addresses and node ports of their own.
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
        IEnumerable<string> WarnOfPolicy(JsonObject policy) =>
            PolicyReader.ReadJson(policy, "", release()).Notes.Select(n => $"{n.Field}: {n.Message}");

        foreach (
            var kind in (ResourceKind[])
                [
                    ResourceKinds.CiliumNetworkPolicies,
                    ResourceKinds.CiliumClusterwideNetworkPolicies,
                    ResourceKinds.NetworkPolicies,
                ]
        )
        {
            store.Admit(kind, AdmitPolicy);
            store.Warn(kind, WarnOfPolicy);
        }
        store.Admit(ResourceKinds.CiliumCidrGroups, request =>
            [
                .. CidrGroupReader
                    .ReadJson(request.Proposed, $"{request.Kind.Kind} {request.Name}")
                    .Problems.Select(p => new FieldError(p.Field, p.Message)),
            ]
        );
        store.Admit(ResourceKinds.Services, new ServiceAdmission(store, addresses).Admit);
        store.Warn(ResourceKinds.EndpointSlices, slice => WarnOfSlice(store, slice));
    }

    /// <summary>Endpoints of one's own lead to Pods; the datapath reaches no other address.</summary>
    private static IEnumerable<string> WarnOfSlice(ObjectStore store, JsonObject slice)
    {
        if ((slice.At("metadata.labels") as JsonObject)?.ContainsKey(EndpointSliceController.ManagerLabel) is true)
            return [];
        var pods = store
            .List(ResourceKinds.Pods)
            .Select(p => p.View.TextAt("status.podIP"))
            .ToHashSet(StringComparer.Ordinal);
        return slice
            .Objects("endpoints")
            .SelectMany(
                (e, i) =>
                    (e["addresses"] as JsonArray ?? [])
                        .Select(a => a?.ToString() ?? "")
                        .Where(a => !pods.Contains(a))
                        .Select(a => $"endpoints[{i}].addresses: no Pod has {a}, so connections to it are reset")
            );
    }
}
