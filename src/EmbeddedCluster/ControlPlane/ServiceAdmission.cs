using System.Net;
using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Status;
using CiliumDebugging.EmbeddedCluster.Api.Storage;
using CiliumDebugging.EmbeddedCluster.Api.Validation;
using CiliumDebugging.EmbeddedCluster.Network;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>
/// What the API server does with a Service before it stores it (kubernetes, pkg/apis/core/validation and
/// pkg/registry/core/service): refuses what the datapath could not tell apart or reach, and gives addresses and node
/// ports that no other Service has. Whatever is stored can be programmed.
/// </summary>
internal sealed class ServiceAdmission(ObjectStore store, AddressBlocks addresses)
{
    private const string Headless = "None";

    public IReadOnlyList<FieldError> Admit(AdmissionRequest request)
    {
        if (request.Proposed.Object("spec") is not { } spec)
            return [.. ServiceRules.Of(request.Proposed)];
        var old = request.Old?.View.Object("spec");
        ForgetWhatBelongedToTheOldType(spec, old);
        List<FieldError> problems = [.. ServiceRules.Of(request.Proposed), .. ServiceRules.Update(old, spec)];
        if (problems.Count > 0)
            return problems;
        var others = store
            .List(ResourceKinds.Services)
            .Where(s => s.Uid != request.Old?.Uid)
            .Select(s => s.View.Object("spec"))
            .OfType<JsonObject>()
            .ToList();
        problems.AddRange(Address(spec, old, others));
        problems.AddRange(NodePorts(spec, old, others));
        return problems;
    }

    /// <summary>
    /// A change of type drops the fields of the old one, unless the change says something about them too.
    /// </summary>
    private static void ForgetWhatBelongedToTheOldType(JsonObject spec, JsonObject? old)
    {
        if (old is null || spec.Text("type") == old.Text("type"))
            return;
        if (ServiceRules.IsExternalName(spec) && spec.Text("clusterIP") == old.Text("clusterIP"))
            foreach (var field in (string[])["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"])
                spec.Remove(field);
        if (old.Text("type") is "LoadBalancer")
            foreach (var field in (string[])["allocateLoadBalancerNodePorts", "loadBalancerClass"])
                if (JsonNode.DeepEquals(spec[field], old[field]))
                    spec.Remove(field);
        if (ServiceRules.HasNodePorts(spec))
            return;
        if (spec.Text("externalTrafficPolicy") == old.Text("externalTrafficPolicy"))
            spec.Remove("externalTrafficPolicy");
        foreach (var port in spec.Objects("ports"))
            if (old.Objects("ports").Any(p => p.NumberAt("nodePort") == port.NumberAt("nodePort")))
                port.Remove("nodePort");
    }

    private IReadOnlyList<FieldError> Address(JsonObject spec, JsonObject? old, List<JsonObject> others)
    {
        var given = spec.Text("clusterIP") is { Length: > 0 } one
            ? one
            : (spec["clusterIPs"] as JsonArray)?.FirstOrDefault()?.ToString();
        if (ServiceRules.IsExternalName(spec))
            return given is null
                ? []
                :
                [
                    FieldError.Invalid(
                        "spec.clusterIPs[0]",
                        new JsonArray(given),
                        "may not be set for ExternalName services"
                    ),
                ];
        var kept = old is null || ServiceRules.IsExternalName(old) ? null : old.Text("clusterIP");
        var address = given ?? kept ?? FreeAddress(others);
        if (kept is { Length: > 0 } && address != kept)
            return
            [
                FieldError.Invalid("spec.clusterIPs[0]", new JsonArray(address), "may not change once set"),
                .. IPAddress.TryParse(address, out _) || address is Headless
                    ? Array.Empty<FieldError>()
                    : [FieldError.Invalid("spec.clusterIPs[0]", address, ServiceRules.NotAnAddress)],
            ];
        if (spec["clusterIPs"] is JsonArray { Count: > 0 } all && all[0]?.ToString() != address)
            return [new FieldError("spec.clusterIPs", $"{all.ToJsonString()}: first value must match `clusterIP`")];
        if (kept is null && given is not (null or Headless))
        {
            string? problem = null;
            if (!IPAddress.TryParse(given, out var ip) || !addresses.IsService(ip))
                problem =
                    $"the provided IP ({given}) is not in the valid range. "
                    + $"The range of valid IPs is {addresses.ServiceCidr}";
            else if (IsTaken(given, others))
                problem = "provided IP is already allocated";
            var message =
                $"[\"{given}\"]: failed to allocate IP {given}: {problem}; leave clusterIP out to get a free one";
            if (problem is not null)
                return [new FieldError("spec.clusterIPs", message)];
        }
        spec["clusterIP"] = address;
        spec["clusterIPs"] = new JsonArray(address);
        spec["ipFamilies"] ??= new JsonArray("IPv4");
        spec["ipFamilyPolicy"] ??= "SingleStack";
        return [];
    }

    private string FreeAddress(List<JsonObject> others)
    {
        while (true)
        {
            var address = TcpEndpoint.ToIPAddress(addresses.NextService()).ToString();
            if (!IsTaken(address, others))
                return address;
        }
    }

    private static bool IsTaken(string address, List<JsonObject> others) =>
        others.Exists(o => o.Text("clusterIP") == address);

    /// <summary>
    /// Each port of a Service of type NodePort or LoadBalancer has a node port, unless the latter wants none; one that it
    /// had stays.
    /// </summary>
    private List<FieldError> NodePorts(JsonObject spec, JsonObject? old, List<JsonObject> others)
    {
        List<FieldError> problems = [];
        var ports = spec.Objects("ports").ToList();
        if (ServiceRules.HasNodePorts(spec) && spec["externalTrafficPolicy"] is null)
            spec["externalTrafficPolicy"] = "Cluster";
        var taken = others
            .Where(ServiceRules.HasNodePorts)
            .SelectMany(o => o.Objects("ports"))
            .Select(p => p.NumberAt("nodePort"))
            .OfType<long>()
            .ToHashSet();
        var own = new HashSet<(string?, long)>();
        for (var i = 0; i < ports.Count; i++)
        {
            var (port, path, protocol) = (ports[i], $"spec.ports[{i}].nodePort", ports[i].Text("protocol"));
            var had = old.Objects("ports")
                .FirstOrDefault(p => p.NumberAt("port") == port.NumberAt("port") && p.Text("protocol") == protocol)
                ?.NumberAt("nodePort");
            var given = port.NumberAt("nodePort") is > 0 and var wanted ? wanted : null as long?;
            if (!ServiceRules.HasNodePorts(spec))
            {
                var forbidden = $"may not be used when `type` is '{spec.Text("type")}'";
                if (given is not null)
                    problems.Add(new FieldError(path, forbidden, "FieldValueForbidden"));
                continue;
            }
            if ((given ?? had) is null && spec.TextAt("allocateLoadBalancerNodePorts") is "false")
                continue;
            var number = given ?? had ?? FreeNodePort(taken, ports);
            const string outOfRange =
                "provided port is not in the valid range. The range of valid ports is 30000-32767";
            if (!AddressBlocks.IsNodePort(number))
                problems.Add(new FieldError(path, $"{number}: {outOfRange}"));
            else if (taken.Contains(number) || !own.Add((protocol, number)))
                problems.Add(new FieldError(path, $"{number}: provided port is already allocated"));
            port["nodePort"] = number;
        }
        return problems;
    }

    private long FreeNodePort(HashSet<long> taken, List<JsonObject> ports)
    {
        while (true)
        {
            long number = addresses.NextNodePort();
            if (!taken.Contains(number) && ports.TrueForAll(p => p.NumberAt("nodePort") != number))
                return number;
        }
    }
}
