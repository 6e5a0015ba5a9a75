using System.Text.Json.Nodes;
using CiliumDebugging.ClusterSetup.Embedded.Api;
using CiliumDebugging.ClusterSetup.Embedded.Api.Kinds;
using CiliumDebugging.ClusterSetup.Embedded.Api.Schemas;
using CiliumDebugging.ClusterSetup.Embedded.Api.Storage;
using CiliumDebugging.ClusterSetup.Embedded.Datapath;
using CiliumDebugging.ClusterSetup.Embedded.Network;
using CiliumDebugging.ClusterSetup.Policies;

namespace CiliumDebugging.ClusterSetup.Embedded.ControlPlane;

/// <summary>What the API server checks and completes before it stores an object.</summary>
internal static class ClusterAdmission
{
    /// <summary>Policies are read as the datapath will read them, and refused with every problem; Services get an address.</summary>
    public static void Register(ObjectStore store, AddressBlocks addresses)
    {
        foreach (var kind in (ResourceKind[])[ResourceKinds.CiliumNetworkPolicies, ResourceKinds.CiliumClusterwideNetworkPolicies, ResourceKinds.NetworkPolicies])
            store.Admit(kind, AdmitPolicy);
        store.Admit(ResourceKinds.Services, request => AdmitService(request, addresses));
    }

    private static List<FieldError> AdmitPolicy(AdmissionRequest request) =>
        [.. PolicyReader.ReadJson(request.Proposed, $"{request.Kind.Kind} {request.Namespace}/{request.Name}").Problems.Select(p => new FieldError(p.Field, p.Message))];

    private static IReadOnlyList<FieldError> AdmitService(AdmissionRequest request, AddressBlocks addresses)
    {
        if (request.Proposed["spec"] is JsonObject spec)
        {
            var address = spec["clusterIP"]?.ToString() ?? request.Old?.As<k8s.Models.V1Service>().Spec.ClusterIP ?? TcpEndpoint.ToIPAddress(addresses.NextService()).ToString();
            spec["clusterIP"] = address;
            spec["clusterIPs"] ??= new JsonArray(address);
            spec["ipFamilies"] ??= new JsonArray("IPv4");
            spec["ipFamilyPolicy"] ??= "SingleStack";
        }
        return AdmitNodePorts(request, addresses);
    }

    /// <summary>Each port of a Service of type NodePort or LoadBalancer gets a node port; externalTrafficPolicy belongs to such a Service alone.</summary>
    private static IReadOnlyList<FieldError> AdmitNodePorts(AdmissionRequest request, AddressBlocks addresses)
    {
        if (request.Proposed["spec"] is not JsonObject spec) return [];
        if (spec["type"]?.ToString() is not ("NodePort" or "LoadBalancer"))
            return spec["externalTrafficPolicy"] is null ? [] : [new FieldError("spec.externalTrafficPolicy", "may only be set when `type` is 'NodePort' or 'LoadBalancer'")];
        foreach (var port in (spec["ports"] as JsonArray ?? []).OfType<JsonObject>())
            if (port["nodePort"] is null) port["nodePort"] = addresses.NextNodePort();
        return [];
    }
}
