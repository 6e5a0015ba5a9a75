namespace CiliumDebugging.Datapath.Policies;

/// <summary>One security-relevant label with its source, written <c>source:key=value</c> by Cilium.</summary>
/// <param name="Source">Where the label comes from: <c>k8s</c> for pods and namespaces, <c>reserved</c> for hosts, the
/// world and the like.</param>
/// <param name="Key">The key without its source.</param>
/// <param name="Value">The value; empty for reserved labels.</param>
public readonly record struct Label(string Source, string Key, string Value)
{
    /// <summary>Source of labels of pods and of their namespaces.</summary>
    public const string Kubernetes = "k8s";

    /// <summary>Source of the labels of peers that are not pods.</summary>
    public const string Reserved = "reserved";

    /// <summary>Source of the labels of CiliumCIDRGroups.</summary>
    public const string CidrGroup = "cidrgroup";

    /// <summary>Source prefix of a selector that accepts a label of any source; the same as no prefix.</summary>
    public const string Any = "any";

    /// <summary>Source prefix that matches a label of any source, too. It names neither a namespace nor a cluster
    /// (cilium, getEndpointSelector looks for <c>k8s</c> and <c>any</c>).</summary>
    public const string Unspecified = "unspec";

    /// <summary>Key of the label that holds a pod's namespace.</summary>
    public const string PodNamespace = "io.kubernetes.pod.namespace";

    /// <summary>Prefix of the keys under which a pod carries the labels of its namespace.</summary>
    public const string NamespaceLabelPrefix = "io.cilium.k8s.namespace.labels.";

    /// <summary>Key of the label that names the cluster a pod belongs to.</summary>
    public const string Cluster = "io.cilium.k8s.policy.cluster";

    public override string ToString() => Value.Length == 0 ? $"{Source}:{Key}" : $"{Source}:{Key}={Value}";
}
