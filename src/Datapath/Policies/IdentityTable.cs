using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>Turns label sets into numbered identities; one table per cluster, shared by all its policy sets. Safe for
/// concurrent use. It grows with the number of distinct label sets and never shrinks.</summary>
public sealed class IdentityTable
{
    internal const string DefaultCluster = "default";
    public const string MetadataName = "kubernetes.io/metadata.name";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, EndpointIdentity> _byKey = new(StringComparer.Ordinal);

    /// <summary>Creates a table that holds the reserved identities.</summary>
    public IdentityTable()
    {
        Host = Reserve("host");
        RemoteNode = Reserve("remote-node");
        World = Reserve("world");
        Health = Reserve("health");
        Init = Reserve("init");
        Unmanaged = Reserve("unmanaged");
        Ingress = Reserve("ingress");
        KubeApiServerOnHost = Reserve("host", "kube-apiserver");
        KubeApiServerOnRemoteNode = Reserve("kube-apiserver", "remote-node");
        KubeApiServerOutside = Reserve("kube-apiserver", "world");
    }

    /// <summary>The host of the subject's own node (kubelet probes come from it).</summary>
    public EndpointIdentity Host { get; }

    /// <summary>Any other node of the cluster.</summary>
    public EndpointIdentity RemoteNode { get; }

    /// <summary>Anything outside the cluster.</summary>
    public EndpointIdentity World { get; }

    /// <summary>Cilium's health endpoints.</summary>
    public EndpointIdentity Health { get; }

    /// <summary>An endpoint whose labels are not known yet.</summary>
    public EndpointIdentity Init { get; }

    /// <summary>A pod of the cluster that Cilium does not manage.</summary>
    public EndpointIdentity Unmanaged { get; }

    /// <summary>Cilium's ingress proxies.</summary>
    public EndpointIdentity Ingress { get; }

    /// <summary>The API server on the subject's own node.</summary>
    public EndpointIdentity KubeApiServerOnHost { get; }

    /// <summary>The API server on another node.</summary>
    public EndpointIdentity KubeApiServerOnRemoteNode { get; }

    /// <summary>An API server outside the cluster.</summary>
    public EndpointIdentity KubeApiServerOutside { get; }

    /// <summary>The number of identities so far.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _byKey.Count;
        }
    }

    /// <summary>All identities so far.</summary>
    internal ImmutableArray<EndpointIdentity> All()
    {
        lock (_gate)
            return [.. _byKey.Values];
    }

    /// <summary>The named ports of all identities so far.</summary>
    internal IEnumerable<NamedPort> NamedPorts() => All().SelectMany(i => i.NamedPorts);

    /// <summary>The identity of a node's own traffic, seen from a subject.</summary>
    /// <param name="sameNode">Whether the node is the subject's.</param>
    public EndpointIdentity Node(bool sameNode) => sameNode ? Host : RemoteNode;

    /// <summary>The identity of a pod.</summary>
    /// <param name="podNamespace">The pod's namespace.</param>
    /// <param name="labels">The pod's own labels, without source prefixes.</param>
    /// <param name="namespaceLabels">The labels of the namespace object; <c>kubernetes.io/metadata.name</c> is added
    /// when absent, as the API server does.</param>
    /// <param name="namedPorts">The named container ports.</param>
    public EndpointIdentity Pod(
        string podNamespace,
        IEnumerable<KeyValuePair<string, string>> labels,
        IEnumerable<KeyValuePair<string, string>>? namespaceLabels = null,
        IEnumerable<NamedPort>? namedPorts = null
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(podNamespace);
        ArgumentNullException.ThrowIfNull(labels);
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, string value) in labels)
            all[key] = value;
        all[Label.NamespaceLabelPrefix + MetadataName] = podNamespace;
        foreach ((string key, string value) in namespaceLabels ?? [])
            all[Label.NamespaceLabelPrefix + key] = value;
        all[Label.Cluster] = DefaultCluster;
        all[Label.PodNamespace] = podNamespace;
        return Intern(
            [.. all.Select(pair => new Label(Label.Kubernetes, pair.Key, pair.Value))],
            [
                .. (namedPorts ?? [])
                    .Distinct()
                    .OrderBy(p => p.Name, StringComparer.Ordinal)
                    .ThenBy(p => p.Port)
                    .ThenBy(p => p.Protocol),
            ]
        );
    }

    private EndpointIdentity Reserve(params string[] names) =>
        Intern([.. names.Select(name => new Label(Label.Reserved, name, ""))], []);

    private EndpointIdentity Intern(ImmutableArray<Label> labels, ImmutableArray<NamedPort> namedPorts)
    {
        // Lengths make the key unambiguous whatever the strings contain.
        var key = new StringBuilder();
        foreach (Label label in labels)
            Append(key, label.Source)
                .Append(':')
                .Append(Append(new StringBuilder(), label.Key))
                .Append(Append(new StringBuilder(), label.Value));
        foreach (NamedPort port in namedPorts)
            Append(key.Append('/'), port.Name)
                .Append(CultureInfo.InvariantCulture, $"{port.Port}/{(int)port.Protocol}");
        lock (_gate)
        {
            string text = key.ToString();
            if (!_byKey.TryGetValue(text, out EndpointIdentity? identity))
            {
                identity = new EndpointIdentity(this, _byKey.Count, labels, namedPorts);
                _byKey.Add(text, identity);
            }
            return identity;
        }
    }

    private static StringBuilder Append(StringBuilder text, string part) =>
        text.Append(part.Length).Append('.').Append(part);
}
