using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Validation;

/// <summary>
/// What must hold for a Service, whatever other Services there are (kubernetes, pkg/apis/core/validation).
/// </summary>
internal static class ServiceRules
{
    public const string NotAnAddress = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
    private const string SourceRangesField = "loadBalancerSourceRanges";

    // With a capital, as a real server writes it.
    private const string SourceRangesPath = "spec.LoadBalancerSourceRanges";
    private const string NotRanges = "must be a list of IP ranges. For example, 10.240.0.0/24,10.250.0.0/24 ";

    private static readonly string[] s_loadBalancerFields =
    [
        SourceRangesField,
        "allocateLoadBalancerNodePorts",
        "loadBalancerClass",
    ];

    public static IEnumerable<FieldError> Of(JsonObject o)
    {
        if (o.Object("spec") is not { } spec)
            return [FieldError.Required("spec.ports")];
        return
        [
            .. Ports(spec),
            .. LabelRules.Labels(spec.Object("selector"), "spec.selector"),
            .. Checks.OneOf(spec, "spec", "type", "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
            .. ExternalName(spec),
            .. Checks.OneOf(spec, "spec", "sessionAffinity", "ClientIP", "None"),
            .. AffinityTimeout(spec),
            .. ExternalAddresses(spec),
            .. LoadBalancer(spec),
            .. SourceRanges(spec),
            .. TrafficPolicies(spec),
        ];
    }

    /// <summary>What must hold for a change: a load balancer stays the one of its class.</summary>
    public static IEnumerable<FieldError> Update(JsonObject? old, JsonObject spec)
    {
        const string field = "loadBalancerClass";
        if (
            old?.Text("type") is "LoadBalancer"
            && spec.Text("type") is "LoadBalancer"
            && !JsonNode.DeepEquals(old[field], spec[field])
        )
            yield return FieldError.Invalid($"spec.{field}", spec[field]?.DeepClone(), "may not change once set");
    }

    public static bool IsExternalName(JsonObject spec) => spec.Text("type") is "ExternalName";

    public static bool HasNodePorts(JsonObject spec) => spec.Text("type") is "NodePort" or "LoadBalancer";

    private static IEnumerable<FieldError> Ports(JsonObject spec)
    {
        var ports = spec.Objects("ports").ToList();
        if (ports.Count == 0 && !IsExternalName(spec) && spec.Text("clusterIP") is not "None")
            yield return FieldError.Required("spec.ports");
        var (names, numbers) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<(string?, long?)>());
        foreach (var (i, port) in ports.Index())
        {
            var (path, number) = ($"spec.ports[{i}]", port.NumberAt("port"));
            if (port.Text("name") is { Length: > 0 } name)
            {
                foreach (var problem in Names.Label(name))
                    yield return FieldError.Invalid($"{path}.name", name, problem);
                if (!names.Add(name))
                    yield return FieldError.Duplicate($"{path}.name", name);
            }
            else if (ports.Count > 1)
                yield return FieldError.Required($"{path}.name");
            foreach (var error in Checks.Port(number ?? 0, $"{path}.port"))
                yield return error;
            foreach (var error in Checks.OneOf(port, path, "protocol", "SCTP", "TCP", "UDP"))
                yield return error;
            foreach (var error in Checks.PortOrName(port["targetPort"], $"{path}.targetPort"))
                yield return error;
            foreach (var error in Checks.Name(port, path, "appProtocol", Names.Key))
                yield return error;
        }
        foreach (var (i, port) in ports.Index())
            if (!numbers.Add((port.Text("protocol"), port.NumberAt("port"))))
            {
                var same = new JsonObject
                {
                    ["protocol"] = port["protocol"]?.DeepClone(),
                    ["port"] = port["port"]?.DeepClone(),
                };
                yield return FieldError.Duplicate($"spec.ports[{i}]", same);
            }
    }

    private static IEnumerable<FieldError> ExternalName(JsonObject spec) =>
        !IsExternalName(spec) ? []
        : spec.Text("externalName") is { Length: > 0 } name
            ? Names
                .Subdomain(name.TrimEnd('.'))
                .Select(problem => FieldError.Invalid("spec.externalName", name, problem))
        : [FieldError.Required("spec.externalName")];

    private static IEnumerable<FieldError> AffinityTimeout(JsonObject spec)
    {
        const string field = "sessionAffinityConfig.clientIP.timeoutSeconds";
        if (spec.NumberAt(field) is (< 1 or > 86_400) and var seconds)
            yield return FieldError.Invalid($"spec.{field}", seconds, "must be greater than 0 and less than 86400");
    }

    private static IEnumerable<FieldError> ExternalAddresses(JsonObject spec) =>
        (spec["externalIPs"] as JsonArray ?? [])
            .Select(a => a?.ToString() ?? "")
            .SelectMany(
                (text, i) =>
                    Checks.Address(text) is { } address
                        ? Checks.NotSpecial(address, text, $"spec.externalIPs[{i}]")
                        : [FieldError.Invalid($"spec.externalIPs[{i}]", text, NotAnAddress)]
            );

    /// <summary>The class of a load balancer, and what Services of other types may not have.</summary>
    private static IEnumerable<FieldError> LoadBalancer(JsonObject spec)
    {
        var isBalancer = spec.Text("type") is "LoadBalancer";
        if (isBalancer && spec.Text("loadBalancerClass") is { } name)
            foreach (var problem in Names.Key(name))
                yield return FieldError.Invalid("spec.loadBalancerClass", name, problem);
        foreach (var field in isBalancer ? [] : s_loadBalancerFields)
            if (spec[field] is not null and not JsonArray { Count: 0 })
                yield return FieldError.Forbidden(
                    field is SourceRangesField ? SourceRangesPath : $"spec.{field}",
                    "may only be used when `type` is 'LoadBalancer'"
                );
    }

    private static IEnumerable<FieldError> SourceRanges(JsonObject spec)
    {
        if (spec[SourceRangesField] is not JsonArray { Count: > 0 } ranges)
            yield break;
        if (!ranges.All(r => Checks.IsCidr(r?.ToString().Trim() ?? "")))
            yield return FieldError.Invalid(SourceRangesPath, $"[{string.Join(' ', ranges)}]", NotRanges);
    }

    private static IEnumerable<FieldError> TrafficPolicies(JsonObject spec)
    {
        const string field = "externalTrafficPolicy";
        if (spec.Text(field) is { } policy)
        {
            if (!HasNodePorts(spec))
                yield return FieldError.Invalid(
                    $"spec.{field}",
                    policy,
                    "ExternalTrafficPolicy can only be set on NodePort and LoadBalancer service"
                );
            else if (policy is not ("Cluster" or "Local"))
                yield return FieldError.Invalid(
                    $"spec.{field}",
                    policy,
                    "ExternalTrafficPolicy must be empty, Cluster or Local"
                );
        }
        if (
            spec.NumberAt("healthCheckNodePort") is > 0 and var port
            && (spec.Text(field) is not "Local" || spec.Text("type") is not "LoadBalancer")
        )
            yield return FieldError.Invalid(
                "spec.healthCheckNodePort",
                port,
                "HealthCheckNodePort can only be set on LoadBalancer service with ExternalTrafficPolicy=Local"
            );
        foreach (var error in Checks.OneOf(spec, "spec", "internalTrafficPolicy", "Cluster", "Local"))
            yield return error;
        foreach (var error in Checks.OneOf(spec, "spec", "trafficDistribution", "PreferClose", "PreferSameZone"))
            yield return error;
        foreach (
            var error in Checks.OneOf(
                spec,
                "spec",
                "ipFamilyPolicy",
                "SingleStack",
                "PreferDualStack",
                "RequireDualStack"
            )
        )
            yield return error;
        // Without a selector a headless Service may have addresses of any family.
        if (
            spec.Text("ipFamilyPolicy") is "RequireDualStack" and var families
            && (spec.Text("clusterIP") is not "None" || spec.Object("selector") is { Count: > 0 })
        )
            yield return FieldError.Invalid(
                "spec.ipFamilyPolicy",
                families,
                "this cluster is not configured for dual-stack services"
            );
        foreach (var (i, family) in (spec["ipFamilies"] as JsonArray ?? []).Index())
            if (family?.ToString() != "IPv4")
                yield return FieldError.Invalid(
                    $"spec.ipFamilies[{i}]",
                    family?.DeepClone(),
                    "not configured on this cluster"
                );
    }
}
