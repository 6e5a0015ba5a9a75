using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Printing;
using CiliumDebugging.EmbeddedCluster.Api.Status;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Api.Kinds;

/// <summary>The table of everything the API serves. To serve another kind, add a row.</summary>
public static class ResourceKinds
{
    private static readonly string[] s_workload = ["spec.selector", "spec.template.spec.containers"];
    private static readonly string[] s_involved = "kind namespace name uid apiVersion resourceVersion fieldPath".Split(
        ' '
    );

    private static FieldError? SelectsItsPods(JsonObject o) =>
        (o.At("spec.selector.matchLabels") as JsonObject ?? []).All(l =>
            o.At("spec.template.metadata.labels") is JsonObject labels && JsonNode.DeepEquals(labels[l.Key], l.Value)
        )
            ? null
            : new FieldError("spec.template.metadata.labels", "`selector` does not match template `labels`");

    private static FieldError? Negative(JsonObject o, params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths)
            if (o.NumberAt(path) is < 0 and var number)
                return new FieldError(path, $"{number}: must be greater than or equal to 0");
        return null;
    }

    private static FieldError? HasPorts(JsonObject service) =>
        service
            .Object("spec")
            .Objects("ports")
            .Index()
            .Where(p => p.Item.NumberAt("port") is not (>= 1 and <= 65_535))
            .Select(p => new FieldError($"spec.ports[{p.Index}].port", "must be between 1 and 65535, inclusive"))
            .FirstOrDefault();

    private static FieldError? NamesItsContainers(JsonObject pod)
    {
        var names = pod.Object("spec").Objects("containers").Select(c => c.Text("name") ?? "").ToList();
        if (names.Contains(""))
            return new FieldError("spec.containers.name", "must be set", "FieldValueRequired");
        var twice = names.GroupBy(n => n).FirstOrDefault(g => g.Count() > 1)?.Key;
        return twice is null ? null : new FieldError("spec.containers.name", $"\"{twice}\"", "FieldValueDuplicate");
    }

    public static ResourceKind Namespaces { get; } =
        new("", "v1", "namespaces", "Namespace", namespaced: false)
        {
            ShortNames = ["ns"],
            HasStatus = true,
            Names = NameRule.Label,
            Model = typeof(V1Namespace),
            SelectableFields = ["status.phase"],
            Defaults = KindDefaults.Namespace,
            Columns = KindColumns.Namespace,
        };

    public static ResourceKind Nodes { get; } =
        new("", "v1", "nodes", "Node", namespaced: false)
        {
            ShortNames = ["no"],
            HasStatus = true,
            KeepsStatusOnCreate = true,
            Model = typeof(V1Node),
            SelectableFields = ["spec.unschedulable"],
            Columns = KindColumns.Node,
        };

    public static ResourceKind Pods { get; } =
        new("", "v1", "pods", "Pod", namespaced: true)
        {
            ShortNames = ["po"],
            IsInAll = true,
            HasStatus = true,
            HasGeneration = true,
            ReturnsDeleted = true,
            Model = typeof(V1Pod),
            SelectableFields =
                "spec.nodeName spec.restartPolicy spec.serviceAccountName status.phase status.podIP".Split(' '),
            ImmutableFields = ["spec.nodeName", "spec.restartPolicy", "spec.hostNetwork"],
            RequiredFields = ["spec.containers"],
            Rule = NamesItsContainers,
            Defaults = KindDefaults.Pod,
            Columns = KindColumns.Pod,
        };

    public static ResourceKind Services { get; } =
        new("", "v1", "services", "Service", namespaced: true)
        {
            ShortNames = ["svc"],
            IsInAll = true,
            HasStatus = true,
            ReturnsDeleted = true,
            Names = NameRule.ServiceLabel,
            Model = typeof(V1Service),
            SelectableFields = ["spec.clusterIP", "spec.type"],
            Rule = HasPorts,
            Defaults = KindDefaults.Service,
            Columns = KindColumns.Service,
        };

    public static ResourceKind ConfigMaps { get; } =
        new("", "v1", "configmaps", "ConfigMap", namespaced: true)
        {
            ShortNames = ["cm"],
            Model = typeof(V1ConfigMap),
            Columns = KindColumns.ConfigMap,
        };

    public static ResourceKind Events { get; } =
        new("", "v1", "events", "Event", namespaced: true)
        {
            ShortNames = ["ev"],
            CreatesOnUpdate = true,
            MaxKept = 1_000,
            Model = typeof(Corev1Event),
            RequiredFields = ["involvedObject"],
            Columns = KindColumns.Event,
            SelectableFields =
            [
                .. s_involved.Select(field => $"involvedObject.{field}"),
                .. "reason reportingComponent source type".Split(' '),
            ],
        };

    public static ResourceKind EndpointSlices { get; } =
        new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", namespaced: true)
        {
            HasGeneration = true,
            Model = typeof(V1EndpointSlice),
            ImmutableFields = ["addressType"],
            RequiredFields = ["addressType"],
            Columns = KindColumns.EndpointSlice,
        };

    public static ResourceKind NetworkPolicies { get; } =
        new("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", namespaced: true)
        {
            ShortNames = ["netpol"],
            HasGeneration = true,
            Model = typeof(V1NetworkPolicy),
            Defaults = KindDefaults.NetworkPolicy,
            Columns = KindColumns.NetworkPolicy,
        };

    public static ResourceKind Deployments { get; } =
        new("apps", "v1", "deployments", "Deployment", namespaced: true)
        {
            ShortNames = ["deploy"],
            IsInAll = true,
            HasStatus = true,
            HasGeneration = true,
            HasScale = true,
            Model = typeof(V1Deployment),
            ImmutableFields = ["spec.selector"],
            RequiredFields = s_workload,
            Rule = o => SelectsItsPods(o) ?? Negative(o, "spec.replicas"),
            Defaults = KindDefaults.Deployment,
            Columns = KindColumns.Deployment,
        };

    public static ResourceKind ReplicaSets { get; } =
        new("apps", "v1", "replicasets", "ReplicaSet", namespaced: true)
        {
            ShortNames = ["rs"],
            IsInAll = true,
            HasStatus = true,
            HasGeneration = true,
            HasScale = true,
            Model = typeof(V1ReplicaSet),
            SelectableFields = ["status.replicas"],
            ImmutableFields = ["spec.selector"],
            RequiredFields = s_workload,
            Rule = o => SelectsItsPods(o) ?? Negative(o, "spec.replicas"),
            Defaults = KindDefaults.Replicas,
            Columns = KindColumns.ReplicaSet,
        };

    public static ResourceKind DaemonSets { get; } =
        new("apps", "v1", "daemonsets", "DaemonSet", namespaced: true)
        {
            ShortNames = ["ds"],
            IsInAll = true,
            HasStatus = true,
            HasGeneration = true,
            Model = typeof(V1DaemonSet),
            ImmutableFields = ["spec.selector"],
            RequiredFields = s_workload,
            Rule = SelectsItsPods,
            Defaults = KindDefaults.DaemonSet,
            Columns = KindColumns.DaemonSet,
        };

    public static ResourceKind Jobs { get; } =
        new("batch", "v1", "jobs", "Job", namespaced: true)
        {
            IsInAll = true,
            HasStatus = true,
            HasGeneration = true,
            Model = typeof(V1Job),
            SelectableFields = ["status.successful"],
            ImmutableFields = ["spec.selector", "spec.completions", "spec.template"],
            RequiredFields = ["spec.template.spec.containers"],
            Rule = o => Negative(o, "spec.completions", "spec.parallelism", "spec.backoffLimit"),
            Defaults = KindDefaults.Job,
            Columns = KindColumns.Job,
        };

    public static ResourceKind Leases { get; } =
        new("coordination.k8s.io", "v1", "leases", "Lease", namespaced: true)
        {
            CreatesOnUpdate = true,
            Model = typeof(V1Lease),
            Columns = KindColumns.Lease,
        };

    public static ResourceKind CustomResourceDefinitions { get; } =
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced: false)
        {
            ShortNames = ["crd", "crds"],
            HasStatus = true,
            HasGeneration = true,
            Model = typeof(V1CustomResourceDefinition),
            Columns = KindColumns.CustomResourceDefinition,
        };

    public static ResourceKind CiliumNetworkPolicies { get; } =
        new("cilium.io", "v2", "ciliumnetworkpolicies", "CiliumNetworkPolicy", namespaced: true)
        {
            ShortNames = ["cnp", "ciliumnp"],
            HasStatus = true,
            HasGeneration = true,
            Columns = KindColumns.CiliumPolicy,
        };

    public static ResourceKind CiliumClusterwideNetworkPolicies { get; } =
        new("cilium.io", "v2", "ciliumclusterwidenetworkpolicies", "CiliumClusterwideNetworkPolicy", namespaced: false)
        {
            ShortNames = ["ccnp"],
            HasStatus = true,
            HasGeneration = true,
            Columns = KindColumns.CiliumPolicy,
        };

    public static ResourceKind CiliumEndpoints { get; } =
        new("cilium.io", "v2", "ciliumendpoints", "CiliumEndpoint", namespaced: true)
        {
            ShortNames = ["cep", "ciliumep"],
            HasStatus = true,
            KeepsStatusOnCreate = true,
            HasGeneration = true,
            Columns = KindColumns.CiliumEndpoint,
        };

    /// <summary>
    /// Accounts and access rules are stored so that manifests that contain them apply. They are not enforced: the one
    /// token may do everything.
    /// </summary>
    public static IReadOnlyList<ResourceKind> AccessControl { get; } =
    [
        new("", "v1", "serviceaccounts", "ServiceAccount", namespaced: true)
        {
            ShortNames = ["sa"],
            Model = typeof(V1ServiceAccount),
        },
        AccessRule("clusterrolebindings", "ClusterRoleBinding", namespaced: false, typeof(V1ClusterRoleBinding)),
        AccessRule("clusterroles", "ClusterRole", namespaced: false, typeof(V1ClusterRole)),
        AccessRule("rolebindings", "RoleBinding", namespaced: true, typeof(V1RoleBinding)),
        AccessRule("roles", "Role", namespaced: true, typeof(V1Role)),
    ];

    private static ResourceKind AccessRule(string plural, string kind, bool namespaced, Type model) =>
        new("rbac.authorization.k8s.io", "v1", plural, kind, namespaced) { Names = NameRule.Path, Model = model };

    /// <summary>Every kind, groups in the order of discovery.</summary>
    public static IReadOnlyList<ResourceKind> All { get; } =
    [
        ConfigMaps,
        Events,
        Namespaces,
        Nodes,
        Pods,
        Services,
        DaemonSets,
        Deployments,
        ReplicaSets,
        Jobs,
        Leases,
        EndpointSlices,
        NetworkPolicies,
        CustomResourceDefinitions,
        CiliumClusterwideNetworkPolicies,
        CiliumEndpoints,
        CiliumNetworkPolicies,
        .. AccessControl,
    ];

    private static readonly Dictionary<(string Group, string Version, string Plural), ResourceKind> s_byPath =
        All.ToDictionary(k => (k.Group, k.Version, k.Plural));

    public static ResourceKind? Find(string group, string version, string plural) =>
        s_byPath.GetValueOrDefault((group, version, plural));
}
