using System.Net;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Validation;

/// <summary>What must hold for the spec of a Pod or of a Pod template (kubernetes, pkg/apis/core/validation).</summary>
internal static class PodRules
{
    private const string RequiredTerms = "requiredDuringSchedulingIgnoredDuringExecution";

    private static readonly string[] s_containerLists = ["containers", "initContainers"];
    private static readonly string[] s_podAffinities = ["podAffinity", "podAntiAffinity"];

    public static IEnumerable<FieldError> Pod(JsonObject pod) => Spec(pod.Object("spec"), "spec");

    public static IEnumerable<FieldError> Spec(JsonObject? spec, string path) =>
        [
            .. Volumes(spec, path),
            .. Containers(spec, path),
            .. Checks.OneOf(spec, path, "restartPolicy", "Always", "OnFailure", "Never"),
            .. Dns(spec, path),
            .. LabelRules.Labels(spec?.Object("nodeSelector"), $"{path}.nodeSelector"),
            .. Affinity(spec?.Object("affinity"), $"{path}.affinity"),
            .. spec.Objects("readinessGates").SelectMany((g, i) => Gate(g, $"{path}.readinessGates[{i}]")),
            .. Checks.Name(spec, path, "serviceAccountName", Names.Subdomain),
            .. Checks.Name(spec, path, "nodeName", Names.Subdomain),
            .. Deadline(spec, path),
            .. Checks.Name(spec, path, "hostname", Names.Label),
            .. Checks.Name(spec, path, "subdomain", Names.Label),
            .. spec.Objects("tolerations").SelectMany((t, i) => Toleration(t, $"{path}.tolerations[{i}]")),
            .. HostAliases(spec, path),
            .. spec.Objects("topologySpreadConstraints")
                .SelectMany((c, i) => Spread(c, $"{path}.topologySpreadConstraints[{i}]")),
        ];

    /// <summary>
    /// What may change in a Pod's spec: the image, tolerations and deadline, and the node of one that has none.
    /// </summary>
    public static IEnumerable<FieldError> Update(JsonObject old, JsonObject pod)
    {
        const string allowed =
            "pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, "
            + "`spec.activeDeadlineSeconds` or `spec.tolerations` (only additions to existing tolerations)";
        if (!JsonNode.DeepEquals(Fixed(old, pod), Fixed(pod, pod)))
            yield return FieldError.Forbidden("spec", allowed);
    }

    private static JsonObject Fixed(JsonObject pod, JsonObject proposed)
    {
        var spec = pod.Object("spec")?.DeepClone().AsObject() ?? [];
        spec.Remove("activeDeadlineSeconds");
        spec.Remove("tolerations");
        foreach (var container in spec.Objects("containers").Concat(spec.Objects("initContainers")))
            container.Remove("image");
        if (spec.Text("nodeName") is null or "" && proposed.TextAt("spec.nodeName") is { Length: > 0 } node)
            spec["nodeName"] = node;
        return spec;
    }

    private static IEnumerable<FieldError> Volumes(JsonObject? spec, string path)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, volume) in spec.Objects("volumes").Index())
        {
            var (at, name) = ($"{path}.volumes[{i}]", volume.Text("name") ?? "");
            if (name.Length == 0)
                yield return FieldError.Required($"{at}.name");
            foreach (var error in Checks.Name(volume, at, "name", Names.Label))
                yield return error;
            if (name.Length > 0 && !names.Add(name))
                yield return FieldError.Duplicate($"{at}.name", name);
            foreach (var (second, _) in volume.Where(m => m.Key != "name").Skip(1))
                yield return FieldError.Forbidden($"{at}.{second}", "may not specify more than 1 volume type");
        }
    }

    private static IEnumerable<FieldError> Containers(JsonObject? spec, string path)
    {
        var volumes = spec.Objects("volumes").Select(v => v.Text("name") ?? "").ToHashSet(StringComparer.Ordinal);
        var graceSeconds = spec?.NumberAt("terminationGracePeriodSeconds");
        var onHost = spec?["hostNetwork"]?.GetValueKind() is System.Text.Json.JsonValueKind.True;
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (!spec.Objects("containers").Any())
            yield return FieldError.Required($"{path}.containers");
        foreach (var list in s_containerLists)
        foreach (var (i, container) in spec.Objects(list).Index())
        {
            var (at, name) = ($"{path}.{list}[{i}]", container.Text("name") ?? "");
            if (name.Length == 0)
                yield return FieldError.Required($"{at}.name");
            foreach (var error in Checks.Name(container, at, "name", Names.Label))
                yield return error;
            if (name.Length > 0 && !names.Add(name))
                yield return FieldError.Duplicate($"{at}.name", name);
            foreach (var error in ContainerRules.Of(container, at, volumes, onHost, graceSeconds))
                yield return error;
        }
    }

    private static IEnumerable<FieldError> Dns(JsonObject? spec, string path)
    {
        const string policy = "dnsPolicy";
        foreach (
            var error in Checks.OneOf(spec, path, policy, "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
        )
            yield return error;
        if (spec?.Text(policy) == "None" && spec.Object("dnsConfig") is null)
            yield return FieldError.Required($"{path}.dnsConfig", "must provide `dnsConfig` when `dnsPolicy` is None");
    }

    private static IEnumerable<FieldError> Gate(JsonObject gate, string path) =>
        Names
            .Key(gate.Text("conditionType") ?? "")
            .Select(problem => FieldError.Invalid($"{path}.conditionType", gate.Text("conditionType") ?? "", problem));

    private static IEnumerable<FieldError> Deadline(JsonObject? spec, string path)
    {
        if (spec?.NumberAt("activeDeadlineSeconds") is < 1 and var deadline)
            yield return FieldError.Invalid(
                $"{path}.activeDeadlineSeconds",
                deadline,
                "must be between 1 and 2147483647, inclusive"
            );
    }

    private static IEnumerable<FieldError> Affinity(JsonObject? affinity, string path)
    {
        if (affinity?.Object("nodeAffinity")?.Object(RequiredTerms) is { } required)
        {
            var terms = $"{path}.nodeAffinity.{RequiredTerms}.nodeSelectorTerms";
            if (!required.Objects("nodeSelectorTerms").Any())
                yield return FieldError.Required(terms, "must have at least one node selector term");
            foreach (var (i, term) in required.Objects("nodeSelectorTerms").Index())
            foreach (var (j, expression) in term.Objects("matchExpressions").Index())
            foreach (
                var error in LabelRules.Expression(
                    expression,
                    $"{terms}[{i}].matchExpressions[{j}]",
                    "not a valid selector operator",
                    ofNodes: true
                )
            )
                yield return error;
        }
        foreach (var kind in s_podAffinities)
        foreach (var (i, term) in (affinity?.Object(kind)).Objects(RequiredTerms).Index())
        {
            var at = $"{path}.{kind}.{RequiredTerms}[{i}]";
            foreach (var error in LabelRules.Selector(term.Object("labelSelector"), $"{at}.labelSelector"))
                yield return error;
            if (term.Text("topologyKey") is not { Length: > 0 })
            {
                yield return FieldError.Required($"{at}.topologyKey", "can not be empty");
                foreach (var problem in Names.Key(""))
                    yield return FieldError.Invalid($"{at}.topologyKey", "", problem);
            }
        }
    }

    private static IEnumerable<FieldError> Toleration(JsonObject toleration, string path)
    {
        var (key, name, effect) = (
            toleration.Text("key"),
            toleration.Text("operator") ?? "",
            toleration.Text("effect")
        );
        foreach (var error in Checks.Name(toleration, path, "key", Names.Key))
            yield return error;
        if (string.IsNullOrEmpty(key) && name != "Exists")
            yield return FieldError.Invalid(
                $"{path}.operator",
                name,
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\""
            );
        if (toleration["tolerationSeconds"] is not null && effect != "NoExecute")
            yield return FieldError.Invalid(
                $"{path}.effect",
                effect ?? "",
                "effect must be 'NoExecute' when `tolerationSeconds` is set"
            );
        if (name == "Exists" && toleration.Text("value") is { Length: > 0 })
            yield return FieldError.Invalid(
                $"{path}.operator",
                toleration.DeepClone(),
                "value must be empty when `operator` is 'Exists'"
            );
        else if (name is not ("" or "Equal" or "Exists"))
            yield return FieldError.Unsupported($"{path}.operator", name, "Equal", "Exists");
        if (effect is { Length: > 0 })
            foreach (
                var error in Checks.OneOf(toleration, path, "effect", "NoSchedule", "PreferNoSchedule", "NoExecute")
            )
                yield return error;
    }

    private static IEnumerable<FieldError> HostAliases(JsonObject? spec, string path) =>
        spec.Objects("hostAliases")
            .Select(alias => alias.Text("ip") ?? "")
            .Where(ip => !IPAddress.TryParse(ip, out _))
            .Select(ip => FieldError.Invalid($"{path}.hostAliases.ip", ip, "must be valid IP address"));

    private static IEnumerable<FieldError> Spread(JsonObject constraint, string path)
    {
        if (constraint.NumberAt("maxSkew") is null or < 1)
            yield return FieldError.Invalid(
                $"{path}.maxSkew",
                constraint.NumberAt("maxSkew") ?? 0,
                "must be greater than zero"
            );
        if (constraint.Text("topologyKey") is not { Length: > 0 })
            yield return FieldError.Required($"{path}.topologyKey", "can not be empty");
        foreach (var error in Checks.OneOf(constraint, path, "whenUnsatisfiable", "DoNotSchedule", "ScheduleAnyway"))
            yield return error;
    }
}
