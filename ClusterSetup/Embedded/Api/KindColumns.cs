namespace CiliumDebugging.ClusterSetup.Embedded.Api;

/// <summary>The columns of <c>kubectl get</c> per kind.</summary>
internal static class KindColumns
{
    public static IReadOnlyList<TableColumn> Namespace { get; } = [];
    public static IReadOnlyList<TableColumn> Node { get; } = [];
    public static IReadOnlyList<TableColumn> Pod { get; } = [];
    public static IReadOnlyList<TableColumn> Service { get; } = [];
    public static IReadOnlyList<TableColumn> ConfigMap { get; } = [];
    public static IReadOnlyList<TableColumn> Event { get; } = [];
    public static IReadOnlyList<TableColumn> EndpointSlice { get; } = [];
    public static IReadOnlyList<TableColumn> NetworkPolicy { get; } = [];
    public static IReadOnlyList<TableColumn> Deployment { get; } = [];
    public static IReadOnlyList<TableColumn> ReplicaSet { get; } = [];
    public static IReadOnlyList<TableColumn> DaemonSet { get; } = [];
    public static IReadOnlyList<TableColumn> Job { get; } = [];
    public static IReadOnlyList<TableColumn> Lease { get; } = [];
    public static IReadOnlyList<TableColumn> CustomResourceDefinition { get; } = [];
    public static IReadOnlyList<TableColumn> CiliumPolicy { get; } = [];
    public static IReadOnlyList<TableColumn> CiliumEndpoint { get; } = [];
}
