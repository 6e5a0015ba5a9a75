namespace CiliumDebugging.AppHost.Resources;

/// <summary>Which Pods are shown.</summary>
/// <param name="Namespace">Of this namespace.</param>
/// <param name="LabelSelector">With these labels; null: all.</param>
internal sealed record MirroredPods(string Namespace, string? LabelSelector = null);
