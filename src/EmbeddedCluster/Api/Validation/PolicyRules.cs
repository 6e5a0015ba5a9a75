using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Validation;

/// <summary>
/// What a server refuses in policies before anybody reads them: NetworkPolicies (kubernetes,
/// pkg/apis/networking/validation) and Cilium's, by the schema of their definition.
/// </summary>
internal static class PolicyRules
{
    private static readonly string[] s_selectors = ["podSelector", "namespaceSelector"];
    private static readonly string[] s_sections = ["ingress", "ingressDeny", "egress", "egressDeny"];

    public static IEnumerable<FieldError> NetworkPolicy(JsonObject o)
    {
        var spec = o.Object("spec");
        return
        [
            .. LabelRules.Selector(spec?.Object("podSelector"), "spec.podSelector"),
            .. spec.Objects("ingress").SelectMany((r, i) => Rule(r, $"spec.ingress[{i}]", "from")),
            .. spec.Objects("egress").SelectMany((r, i) => Rule(r, $"spec.egress[{i}]", "to")),
            .. (spec?["policyTypes"] as JsonArray ?? [])
                .Index()
                .Where(t => t.Item?.ToString() is not ("Ingress" or "Egress"))
                .Select(t =>
                    FieldError.Unsupported($"spec.policyTypes[{t.Index}]", t.Item?.DeepClone(), "Ingress", "Egress")
                ),
        ];
    }

    /// <summary>A rule of Cilium says whom it is about and has a section: one without would do nothing.</summary>
    public static IEnumerable<FieldError> CiliumPolicy(JsonObject o)
    {
        var rules = o.Objects("specs").Select((r, i) => (Rule: r, Path: $"specs[{i}]"));
        if (o.Object("spec") is { } spec)
            rules = rules.Prepend((spec, "spec"));
        foreach (var (rule, path) in rules)
        {
            if (rule.Object("endpointSelector") is null && rule.Object("nodeSelector") is null)
                yield return FieldError.Required(
                    $"{path}.endpointSelector",
                    "a rule selects endpoints (all of them: {}) or, in a clusterwide policy, nodes"
                );
            if (s_sections.All(section => rule[section] is null))
                yield return FieldError.Required(
                    $"{path}.ingress",
                    $"a rule has at least one of {string.Join(", ", s_sections)}"
                );
        }
    }

    private static IEnumerable<FieldError> Rule(JsonObject rule, string path, string peers) =>
        [
            .. rule.Objects("ports").SelectMany((p, i) => Port(p, $"{path}.ports[{i}]")),
            .. rule.Objects(peers).SelectMany((p, i) => Peer(p, $"{path}.{peers}[{i}]")),
        ];

    private static IEnumerable<FieldError> Port(JsonObject port, string path)
    {
        foreach (var error in Checks.OneOf(port, path, "protocol", "TCP", "UDP", "SCTP"))
            yield return error;
        if (port["port"] is { } number)
            foreach (var error in Checks.PortOrName(number, $"{path}.port"))
                yield return error;
    }

    private static IEnumerable<FieldError> Peer(JsonObject peer, string path)
    {
        foreach (var selector in s_selectors)
        foreach (var error in LabelRules.Selector(peer.Object(selector), $"{path}.{selector}"))
            yield return error;
        if (peer.Object("ipBlock") is { } block)
        {
            if (block.Text("cidr") is not { Length: > 0 } cidr)
                yield return FieldError.Required($"{path}.ipBlock.cidr");
            else if (!Checks.IsCidr(cidr))
                yield return FieldError.Invalid($"{path}.ipBlock.cidr", cidr, "not a valid CIDR");
            if (peer["podSelector"] is not null || peer["namespaceSelector"] is not null)
                yield return FieldError.Forbidden(path, "may not specify both ipBlock and another peer");
        }
        else if (peer["podSelector"] is null && peer["namespaceSelector"] is null)
            yield return FieldError.Required(path, "must specify a peer");
    }
}
