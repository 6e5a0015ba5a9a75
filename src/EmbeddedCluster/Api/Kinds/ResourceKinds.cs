using CiliumDebugging.EmbeddedCluster.Api.Printing;
using CiliumDebugging.EmbeddedCluster.Api.Validation;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Api.Kinds;

/// <summary>The table of everything the API serves. To serve another kind, add a row.</summary>
public static class ResourceKinds
{
    private static readonly string[] s_all = ["all"];
    private static readonly string[] s_involved = "kind namespace name uid apiVersion resourceVersion fieldPath".Split(
        ' '
    );

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
            Categories = s_all,
            HasStatus = true,
            ReturnsDeleted = true,
            Model = typeof(V1Pod),
            SelectableFields =
                "spec.nodeName spec.restartPolicy spec.serviceAccountName status.phase status.podIP".Split(' '),
            Rules = PodRules.Pod,
            UpdateRules = PodRules.Update,
            Defaults = KindDefaults.Pod,
            Columns = KindColumns.Pod,
        };

    public static ResourceKind Services { get; } =
        new("", "v1", "services", "Service", namespaced: true)
        {
            ShortNames = ["svc"],
            Categories = s_all,
            HasStatus = true,
            ReturnsDeleted = true,
            Names = NameRule.ServiceLabel,
            Model = typeof(V1Service),
            SelectableFields = ["spec.clusterIP", "spec.type"],
            Defaults = KindDefaults.Service,
            Columns = KindColumns.Service,
        };

    /// <summary>The addresses of a Service's Pods in the form before EndpointSlices.</summary>
    public static ResourceKind Endpoints { get; } =
        new("", "v1", "endpoints", "Endpoints", namespaced: true)
        {
            ShortNames = ["ep"],
            Model = typeof(V1Endpoints),
            Columns = KindColumns.Endpoints,
        };

    /// <summary>
    /// Accounts and access rules are stored so that manifests that contain them apply. They are not enforced: the one
    /// token may do everything.
    /// </summary>
    public static ResourceKind ServiceAccounts { get; } =
        new("", "v1", "serviceaccounts", "ServiceAccount", namespaced: true)
        {
            ShortNames = ["sa"],
            Model = typeof(V1ServiceAccount),
            Columns = KindColumns.ServiceAccount,
        };

    public static ResourceKind ConfigMaps { get; } =
        new("", "v1", "configmaps", "ConfigMap", namespaced: true)
        {
            ShortNames = ["cm"],
            Model = typeof(V1ConfigMap),
            Rules = ConfigRules.ConfigMap,
            UpdateRules = ConfigRules.Update,
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
            Defaults = KindDefaults.EndpointSlice,
            Rules = EndpointSliceRules.Of,
            Columns = KindColumns.EndpointSlice,
        };

    public static ResourceKind NetworkPolicies { get; } =
        new("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", namespaced: true)
        {
            ShortNames = ["netpol"],
            HasGeneration = true,
            Model = typeof(V1NetworkPolicy),
            Rules = PolicyRules.NetworkPolicy,
            Defaults = KindDefaults.NetworkPolicy,
            Columns = KindColumns.NetworkPolicy,
        };

    public static ResourceKind Deployments { get; } =
        new("apps", "v1", "deployments", "Deployment", namespaced: true)
        {
            ShortNames = ["deploy"],
            Categories = s_all,
            HasStatus = true,
            HasGeneration = true,
            HasScale = true,
            Model = typeof(V1Deployment),
            ImmutableFields = ["spec.selector"],
            Rules = WorkloadRules.Deployment,
            Defaults = KindDefaults.Deployment,
            Columns = KindColumns.Deployment,
        };

    public static ResourceKind ReplicaSets { get; } =
        new("apps", "v1", "replicasets", "ReplicaSet", namespaced: true)
        {
            ShortNames = ["rs"],
            Categories = s_all,
            HasStatus = true,
            HasGeneration = true,
            HasScale = true,
            Model = typeof(V1ReplicaSet),
            SelectableFields = ["status.replicas"],
            ImmutableFields = ["spec.selector"],
            Rules = WorkloadRules.ReplicaSet,
            Defaults = KindDefaults.ReplicaSet,
            Columns = KindColumns.ReplicaSet,
        };

    public static ResourceKind DaemonSets { get; } =
        new("apps", "v1", "daemonsets", "DaemonSet", namespaced: true)
        {
            ShortNames = ["ds"],
            Categories = s_all,
            HasStatus = true,
            HasGeneration = true,
            Model = typeof(V1DaemonSet),
            ImmutableFields = ["spec.selector"],
            Rules = WorkloadRules.DaemonSet,
            Defaults = KindDefaults.DaemonSet,
            Columns = KindColumns.DaemonSet,
        };

    public static ResourceKind Jobs { get; } =
        new("batch", "v1", "jobs", "Job", namespaced: true)
        {
            Categories = s_all,
            HasStatus = true,
            HasGeneration = true,
            Model = typeof(V1Job),
            SelectableFields = ["status.successful"],
            ImmutableFields = ["spec.selector", "spec.completions", "spec.template"],
            Rules = WorkloadRules.Job,
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
            Categories = ["cilium", "ciliumpolicy"],
            HasStatus = true,
            HasGeneration = true,
            Rules = PolicyRules.CiliumPolicy,
            Columns = KindColumns.CiliumPolicy,
        };

    public static ResourceKind CiliumClusterwideNetworkPolicies { get; } =
        new("cilium.io", "v2", "ciliumclusterwidenetworkpolicies", "CiliumClusterwideNetworkPolicy", namespaced: false)
        {
            ShortNames = ["ccnp"],
            Categories = ["cilium", "ciliumpolicy"],
            HasStatus = true,
            HasGeneration = true,
            Rules = PolicyRules.CiliumPolicy,
            Columns = KindColumns.CiliumPolicy,
        };

    public static ResourceKind CiliumCidrGroups { get; } =
        new("cilium.io", "v2", "ciliumcidrgroups", "CiliumCIDRGroup", namespaced: false)
        {
            ShortNames = ["ccg"],
            Categories = ["cilium"],
            HasGeneration = true,
            Columns = KindColumns.Default,
        };

    public static ResourceKind CiliumEndpoints { get; } =
        new("cilium.io", "v2", "ciliumendpoints", "CiliumEndpoint", namespaced: true)
        {
            ShortNames = ["cep", "ciliumep"],
            Categories = ["cilium"],
            HasStatus = true,
            KeepsStatusOnCreate = true,
            HasGeneration = true,
            Columns = KindColumns.CiliumEndpoint,
        };

    /// <summary>Access rules: stored, not enforced.</summary>
    public static IReadOnlyList<ResourceKind> AccessRules { get; } =
    [
        AccessRule("clusterrolebindings", "ClusterRoleBinding", typeof(V1ClusterRoleBinding), KindColumns.RoleBinding),
        AccessRule("clusterroles", "ClusterRole", typeof(V1ClusterRole), KindColumns.Default),
        AccessRule("rolebindings", "RoleBinding", typeof(V1RoleBinding), KindColumns.RoleBinding),
        AccessRule("roles", "Role", typeof(V1Role), KindColumns.Default),
    ];

    private static ResourceKind AccessRule(
        string plural,
        string kind,
        Type model,
        IReadOnlyList<TableColumn> columns
    ) =>
        new(
            "rbac.authorization.k8s.io",
            "v1",
            plural,
            kind,
            namespaced: !plural.StartsWith("cluster", StringComparison.Ordinal)
        )
        {
            Names = NameRule.Path,
            Model = model,
            Columns = columns,
        };

    /// <summary>Every kind, groups in the order of discovery.</summary>
    public static IReadOnlyList<ResourceKind> All { get; } =
    [
        ConfigMaps,
        Endpoints,
        Events,
        Namespaces,
        Nodes,
        Pods,
        ServiceAccounts,
        Services,
        DaemonSets,
        Deployments,
        ReplicaSets,
        Jobs,
        Leases,
        EndpointSlices,
        NetworkPolicies,
        CustomResourceDefinitions,
        CiliumCidrGroups,
        CiliumClusterwideNetworkPolicies,
        CiliumEndpoints,
        CiliumNetworkPolicies,
        .. AccessRules,
    ];

    private static readonly Dictionary<(string Group, string Version, string Plural), ResourceKind> s_byPath =
        All.ToDictionary(k => (k.Group, k.Version, k.Plural));

    public static ResourceKind? Find(string group, string version, string plural) =>
        s_byPath.GetValueOrDefault((group, version, plural));
}
