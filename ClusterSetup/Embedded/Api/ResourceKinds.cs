using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Embedded.Api;

/// <summary>The table of everything the API serves. To serve another kind, add a row.</summary>
public static class ResourceKinds
{
    private static readonly string[] s_workload = ["spec.selector", "spec.template.spec.containers"];

    public static ResourceKind Namespaces { get; } = new("", "v1", "namespaces", "Namespace", namespaced: false)
    {
        ShortNames = ["ns"], HasStatus = true, Names = NameRule.Label, Model = typeof(V1Namespace),
        SelectableFields = ["status.phase"], Defaults = KindDefaults.Namespace, Columns = KindColumns.Namespace,
    };

    public static ResourceKind Nodes { get; } = new("", "v1", "nodes", "Node", namespaced: false)
    {
        ShortNames = ["no"], HasStatus = true, KeepsStatusOnCreate = true, Model = typeof(V1Node),
        SelectableFields = ["spec.unschedulable"], Columns = KindColumns.Node,
    };

    public static ResourceKind Pods { get; } = new("", "v1", "pods", "Pod", namespaced: true)
    {
        ShortNames = ["po"], HasStatus = true, HasGeneration = true, ReturnsDeleted = true, Model = typeof(V1Pod),
        SelectableFields = ["spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName", "status.phase", "status.podIP"],
        RequiredFields = ["spec.containers"], Defaults = KindDefaults.Pod, Columns = KindColumns.Pod,
    };

    public static ResourceKind Services { get; } = new("", "v1", "services", "Service", namespaced: true)
    {
        ShortNames = ["svc"], HasStatus = true, ReturnsDeleted = true, Names = NameRule.ServiceLabel, Model = typeof(V1Service),
        SelectableFields = ["spec.clusterIP", "spec.type"], Defaults = KindDefaults.Service, Columns = KindColumns.Service,
    };

    public static ResourceKind ConfigMaps { get; } = new("", "v1", "configmaps", "ConfigMap", namespaced: true)
    {
        ShortNames = ["cm"], Model = typeof(V1ConfigMap), Columns = KindColumns.ConfigMap,
    };

    public static ResourceKind Events { get; } = new("", "v1", "events", "Event", namespaced: true)
    {
        ShortNames = ["ev"], CreatesOnUpdate = true, Model = typeof(Corev1Event), RequiredFields = ["involvedObject"], Columns = KindColumns.Event,
        SelectableFields =
        [
            "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
            "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
        ],
    };

    public static ResourceKind EndpointSlices { get; } = new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", namespaced: true)
    {
        HasGeneration = true, Model = typeof(V1EndpointSlice), ImmutableFields = ["addressType"], RequiredFields = ["addressType"], Columns = KindColumns.EndpointSlice,
    };

    public static ResourceKind NetworkPolicies { get; } = new("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", namespaced: true)
    {
        ShortNames = ["netpol"], HasGeneration = true, Model = typeof(V1NetworkPolicy), Columns = KindColumns.NetworkPolicy,
    };

    public static ResourceKind Deployments { get; } = new("apps", "v1", "deployments", "Deployment", namespaced: true)
    {
        ShortNames = ["deploy"], HasStatus = true, HasGeneration = true, HasScale = true, Model = typeof(V1Deployment),
        ImmutableFields = ["spec.selector"], RequiredFields = s_workload, Defaults = KindDefaults.Deployment, Columns = KindColumns.Deployment,
    };

    public static ResourceKind ReplicaSets { get; } = new("apps", "v1", "replicasets", "ReplicaSet", namespaced: true)
    {
        ShortNames = ["rs"], HasStatus = true, HasGeneration = true, HasScale = true, Model = typeof(V1ReplicaSet),
        SelectableFields = ["status.replicas"], ImmutableFields = ["spec.selector"], RequiredFields = s_workload, Defaults = KindDefaults.Replicas, Columns = KindColumns.ReplicaSet,
    };

    public static ResourceKind DaemonSets { get; } = new("apps", "v1", "daemonsets", "DaemonSet", namespaced: true)
    {
        ShortNames = ["ds"], HasStatus = true, HasGeneration = true, Model = typeof(V1DaemonSet),
        ImmutableFields = ["spec.selector"], RequiredFields = s_workload, Defaults = KindDefaults.Template, Columns = KindColumns.DaemonSet,
    };

    public static ResourceKind Jobs { get; } = new("batch", "v1", "jobs", "Job", namespaced: true)
    {
        HasStatus = true, HasGeneration = true, Model = typeof(V1Job), SelectableFields = ["status.successful"],
        ImmutableFields = ["spec.selector", "spec.completions", "spec.template"], RequiredFields = ["spec.template.spec.containers"], Defaults = KindDefaults.Job, Columns = KindColumns.Job,
    };

    public static ResourceKind Leases { get; } = new("coordination.k8s.io", "v1", "leases", "Lease", namespaced: true)
    {
        CreatesOnUpdate = true, Model = typeof(V1Lease), Columns = KindColumns.Lease,
    };

    public static ResourceKind ServiceAccounts { get; } = new("", "v1", "serviceaccounts", "ServiceAccount", namespaced: true) { ShortNames = ["sa"], Model = typeof(V1ServiceAccount) };

    // Kept for manifests that bring them; rights are not enforced: there is one token.
    public static ResourceKind Roles { get; } = new("rbac.authorization.k8s.io", "v1", "roles", "Role", namespaced: true) { Model = typeof(V1Role) };

    public static ResourceKind RoleBindings { get; } = new("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", namespaced: true) { Model = typeof(V1RoleBinding) };

    public static ResourceKind ClusterRoles { get; } = new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced: false) { Model = typeof(V1ClusterRole) };

    public static ResourceKind ClusterRoleBindings { get; } = new("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced: false) { Model = typeof(V1ClusterRoleBinding) };

    public static ResourceKind CustomResourceDefinitions { get; } =
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced: false)
        {
            ShortNames = ["crd", "crds"], HasStatus = true, HasGeneration = true, Model = typeof(V1CustomResourceDefinition),
            Columns = KindColumns.CustomResourceDefinition,
        };

    public static ResourceKind CiliumNetworkPolicies { get; } = new("cilium.io", "v2", "ciliumnetworkpolicies", "CiliumNetworkPolicy", namespaced: true)
    {
        ShortNames = ["cnp", "ciliumnp"], HasStatus = true, HasGeneration = true, Columns = KindColumns.CiliumPolicy,
    };

    public static ResourceKind CiliumClusterwideNetworkPolicies { get; } =
        new("cilium.io", "v2", "ciliumclusterwidenetworkpolicies", "CiliumClusterwideNetworkPolicy", namespaced: false)
        {
            ShortNames = ["ccnp"], HasStatus = true, HasGeneration = true, Columns = KindColumns.CiliumPolicy,
        };

    public static ResourceKind CiliumEndpoints { get; } = new("cilium.io", "v2", "ciliumendpoints", "CiliumEndpoint", namespaced: true)
    {
        ShortNames = ["cep", "ciliumep"], HasStatus = true, KeepsStatusOnCreate = true, HasGeneration = true, Columns = KindColumns.CiliumEndpoint,
    };

    /// <summary>Every kind, groups in the order of discovery.</summary>
    public static IReadOnlyList<ResourceKind> All { get; } =
    [
        ConfigMaps, Events, Namespaces, Nodes, Pods, ServiceAccounts, Services, DaemonSets, Deployments, ReplicaSets, Jobs, Leases, EndpointSlices,
        NetworkPolicies, ClusterRoleBindings, ClusterRoles, RoleBindings, Roles, CustomResourceDefinitions, CiliumClusterwideNetworkPolicies, CiliumEndpoints, CiliumNetworkPolicies,
    ];

    private static readonly Dictionary<(string Group, string Version, string Plural), ResourceKind> s_byPath =
        All.ToDictionary(k => (k.Group, k.Version, k.Plural));

    /// <summary>The kind served under a path, or null.</summary>
    public static ResourceKind? Find(string group, string version, string plural) => s_byPath.GetValueOrDefault((group, version, plural));
}
