using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Status;
using CiliumDebugging.EmbeddedCluster.Api.Storage;
using CiliumDebugging.EmbeddedCluster.Network;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>
/// What the API server does with a Service before it stores it (kubernetes, pkg/apis/core/validation and pkg/registry/core/service): refuses what the datapath could not tell apart or reach, and gives addresses and node ports
/// that no other Service has. Whatever is stored can be programmed.
/// </summary>
internal sealed class ServiceAdmission(ObjectStore store, AddressBlocks addresses)
{
    private const string Headless = "None";
    private const string Invalid = "FieldValueInvalid";
    private const string Required = "FieldValueRequired";
    private const string Duplicate = "FieldValueDuplicate";
    private const string NotSupported = "FieldValueNotSupported";

    private static readonly (string Field, string[] Values)[] s_choices =
    [
        ("type", ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]),
        ("sessionAffinity", ["ClientIP", "None"]),
        ("internalTrafficPolicy", ["Cluster", "Local"]),
        ("externalTrafficPolicy", ["Cluster", "Local"]),
    ];

    /// <summary>Checks a Service and completes it.</summary>
    public IReadOnlyList<FieldError> Admit(AdmissionRequest request)
    {
        if (request.Proposed.Object("spec") is not { } spec)
            return [new FieldError("spec", "must be set", Required)];
        var old = request.Old?.View.Object("spec");
        ForgetWhatBelongedToTheOldType(spec, old);
        List<FieldError> problems = [.. Choices(spec), .. Ports(spec)];
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

    private static bool IsExternalName(JsonObject spec) => spec.Text("type") is "ExternalName";

    private static bool HasNodePorts(JsonObject spec) => spec.Text("type") is "NodePort" or "LoadBalancer";

    /// <summary>A change of type drops the fields of the old one, unless the change says something about them too.</summary>
    private static void ForgetWhatBelongedToTheOldType(JsonObject spec, JsonObject? old)
    {
        if (old is null || spec.Text("type") == old.Text("type"))
            return;
        if (IsExternalName(spec) && spec.Text("clusterIP") == old.Text("clusterIP"))
            foreach (var field in (string[])["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"])
                spec.Remove(field);
        if (HasNodePorts(spec))
            return;
        if (spec.Text("externalTrafficPolicy") == old.Text("externalTrafficPolicy"))
            spec.Remove("externalTrafficPolicy");
        foreach (var port in spec.Objects("ports"))
            if (old.Objects("ports").Any(p => p.NumberAt("nodePort") == port.NumberAt("nodePort")))
                port.Remove("nodePort");
    }

    private static IEnumerable<FieldError> Choices(JsonObject spec)
    {
        foreach (var (field, values) in s_choices)
            if (spec.Text(field) is { } value && !values.Contains(value, StringComparer.Ordinal))
                yield return new FieldError(
                    $"spec.{field}",
                    $"\"{value}\": supported values: {string.Join(", ", values.Select(v => $"\"{v}\""))}",
                    NotSupported
                );
        if (spec["externalTrafficPolicy"] is not null && !HasNodePorts(spec))
            yield return new FieldError(
                "spec.externalTrafficPolicy",
                "may only be set when `type` is 'NodePort' or 'LoadBalancer'"
            );
        if (IsExternalName(spec) && spec.Text("externalName") is not { Length: > 0 })
            yield return new FieldError("spec.externalName", "must be set", Required);
        if (spec.NumberAt("sessionAffinityConfig.clientIP.timeoutSeconds") is < 1 or > 86_400)
            yield return new FieldError(
                "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
                "must be greater than 0 and less than 86400"
            );
    }

    private static IEnumerable<FieldError> Ports(JsonObject spec)
    {
        var ports = spec.Objects("ports").ToList();
        if (ports.Count == 0 && !IsExternalName(spec) && spec.Text("clusterIP") is not Headless)
            yield return new FieldError("spec.ports", "must be set", Required);
        var (names, numbers) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<(string?, long?)>());
        for (var i = 0; i < ports.Count; i++)
        {
            var (port, path) = (ports[i], string.Create(CultureInfo.InvariantCulture, $"spec.ports[{i}]"));
            if (port.Text("protocol") is not ("TCP" or "UDP" or "SCTP" or null))
                yield return new FieldError(
                    $"{path}.protocol",
                    $"\"{port.Text("protocol")}\": supported values: \"SCTP\", \"TCP\", \"UDP\"",
                    NotSupported
                );
            if (port.Text("name") is { Length: > 0 } name)
            {
                if (!names.Add(name))
                    yield return new FieldError($"{path}.name", $"\"{name}\"", Duplicate);
            }
            else if (ports.Count > 1)
                yield return new FieldError($"{path}.name", "must be set", Required);
            if (!numbers.Add((port.Text("protocol"), port.NumberAt("port"))))
                yield return new FieldError(
                    path,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"port {port.NumberAt("port")}, protocol {port.Text("protocol")}"
                    ),
                    Duplicate
                );
            if (
                port["targetPort"] is JsonValue target
                && target.TryGetValue<long>(out var number)
                && number is < 1 or > 65_535
            )
                yield return new FieldError(
                    $"{path}.targetPort",
                    string.Create(CultureInfo.InvariantCulture, $"{number}: must be between 1 and 65535, inclusive")
                );
        }
    }

    private IReadOnlyList<FieldError> Address(JsonObject spec, JsonObject? old, List<JsonObject> others)
    {
        var given = spec.Text("clusterIP") is { Length: > 0 } one
            ? one
            : (spec["clusterIPs"] as JsonArray)?.FirstOrDefault()?.ToString();
        if (IsExternalName(spec))
            return given is null
                ? []
                : [new FieldError("spec.clusterIPs[0]", $"[\"{given}\"]: may not be set for ExternalName services")];
        var kept = old is null || IsExternalName(old) ? null : old.Text("clusterIP");
        var address = given ?? kept ?? FreeAddress(others);
        if (kept is { Length: > 0 } && address != kept)
            return [new FieldError("spec.clusterIPs[0]", $"[\"{address}\"]: may not change once set")];
        if (spec["clusterIPs"] is JsonArray { Count: > 0 } all && all[0]?.ToString() != address)
            return [new FieldError("spec.clusterIPs", $"{all.ToJsonString()}: first value must match `clusterIP`")];
        if (kept is null && given is not (null or Headless))
        {
            var problem =
                !IPAddress.TryParse(given, out var ip) || !addresses.IsService(ip)
                    ? $"the provided IP ({given}) is not in the valid range. The range of valid IPs is {addresses.ServiceCidr}"
                : IsTaken(given, others) ? "provided IP is already allocated"
                : null;
            if (problem is not null)
                return
                [
                    new FieldError(
                        "spec.clusterIPs",
                        $"[\"{given}\"]: failed to allocate IP {given}: {problem}; leave clusterIP out to get a free one"
                    ),
                ];
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

    /// <summary>Each port of a Service of type NodePort or LoadBalancer has a node port; one that it had stays.</summary>
    private List<FieldError> NodePorts(JsonObject spec, JsonObject? old, List<JsonObject> others)
    {
        List<FieldError> problems = [];
        var ports = spec.Objects("ports").ToList();
        if (HasNodePorts(spec) && spec["externalTrafficPolicy"] is null)
            spec["externalTrafficPolicy"] = "Cluster";
        var taken = others
            .Where(HasNodePorts)
            .SelectMany(o => o.Objects("ports"))
            .Select(p => p.NumberAt("nodePort"))
            .OfType<long>()
            .ToHashSet();
        var own = new HashSet<(string?, long)>();
        for (var i = 0; i < ports.Count; i++)
        {
            var (port, path) = (ports[i], string.Create(CultureInfo.InvariantCulture, $"spec.ports[{i}].nodePort"));
            var had = old
                ?.Objects("ports")
                .FirstOrDefault(p =>
                    p.NumberAt("port") == port.NumberAt("port") && p.Text("protocol") == port.Text("protocol")
                )
                ?.NumberAt("nodePort");
            var given = port.NumberAt("nodePort") is > 0 and var asked ? asked : null as long?;
            if (!HasNodePorts(spec))
            {
                if (given is not null)
                    problems.Add(
                        new FieldError(
                            path,
                            $"may not be used when `type` is '{spec.Text("type")}'",
                            "FieldValueForbidden"
                        )
                    );
                continue;
            }
            var number = given ?? had ?? FreeNodePort(taken, ports);
            var problem =
                !AddressBlocks.IsNodePort(number)
                    ? "provided port is not in the valid range. The range of valid ports is 30000-32767"
                : taken.Contains(number) || !own.Add((port.Text("protocol"), number))
                    ? "provided port is already allocated"
                : null;
            if (problem is not null)
                problems.Add(
                    new FieldError(path, string.Create(CultureInfo.InvariantCulture, $"{number}: {problem}"), Invalid)
                );
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
