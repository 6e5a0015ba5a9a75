using System.Globalization;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Page;
using k8s.Models;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>
/// A Job that runs a scenario from inside the cluster, with the rights it needs for that and no others, and serves its live page. The page listens on the Pod's loopback, which
/// <c>kubectl port-forward</c> reaches and no other Pod does; what Prometheus scrapes of it has a port of its own.
/// </summary>
internal static class RunnerManifests
{
    /// <summary>Name of its Job and service account.</summary>
    public const string Name = "scenario-runner";

    /// <summary>How long the page stays after the run, for its reports: with the Job they are gone.</summary>
    private const string Linger = "30m";
    private const string Rbac = "rbac.authorization.k8s.io";

    /// <summary>Name of its port with the verdict and what it rests on, for Prometheus.</summary>
    public const string MetricsPortName = "metrics";

    /// <summary>Its namespace.</summary>
    public const string Namespace = "cilium-debugging";

    /// <summary>The objects.</summary>
    public static IEnumerable<Manifest> Render(ManifestValues values)
    {
        yield return Manifest.Of(PodParts.Namespace(Namespace));
        yield return Manifest.Of(
            new V1ServiceAccount
            {
                Metadata = new V1ObjectMeta { Name = Name, NamespaceProperty = Namespace },
            }
        );
        // What is read everywhere: where Pods and nodes are, and which policies stand.
        yield return Manifest.Of(
            new V1ClusterRole
            {
                Metadata = new V1ObjectMeta { Name = $"{Ownership.Name}-{Name}" },
                Rules =
                [
                    Rule("", ["pods", "nodes", "namespaces"], "get", "list"),
                    Rule("cilium.io", ["ciliumnetworkpolicies", "ciliumclusterwidenetworkpolicies"], "list"),
                    Rule("networking.k8s.io", ["networkpolicies"], "list"),
                ],
            }
        );
        yield return Manifest.Of(
            new V1ClusterRoleBinding
            {
                Metadata = new V1ObjectMeta { Name = $"{Ownership.Name}-{Name}" },
                RoleRef = RoleRef("ClusterRole", $"{Ownership.Name}-{Name}"),
                Subjects = [Subject],
            }
        );
        // The agents' settings and Hubble's metrics.
        foreach (
            var manifest in Rights("kube-system", Rule("", ["configmaps"], "get"), Rule("", ["pods/proxy"], "get"))
        )
            yield return manifest;
        // What a scenario does in the lab's own namespaces.
        foreach (var ns in values.Topology.Workloads.Select(w => w.Namespace).Distinct(StringComparer.Ordinal))
        {
            foreach (
                var manifest in Rights(
                    ns,
                    Rule("", ["pods"], "delete"),
                    Rule("", ["pods/proxy"], "get", "create"),
                    Rule("", ["pods/portforward"], "get", "create"),
                    Rule("", ["services"], "get", "patch"),
                    Rule("discovery.k8s.io", ["endpointslices"], "list"),
                    Rule("cilium.io", ["ciliumnetworkpolicies"], "create", "get", "patch", "delete")
                )
            )
                yield return manifest;
        }
        yield return Manifest.Of(Job(values));
    }

    private static IEnumerable<Manifest> Rights(string ns, params V1PolicyRule[] rules)
    {
        yield return Manifest.Of(
            new V1Role
            {
                Metadata = new V1ObjectMeta { Name = Name, NamespaceProperty = ns },
                Rules = rules,
            }
        );
        yield return Manifest.Of(
            new V1RoleBinding
            {
                Metadata = new V1ObjectMeta { Name = Name, NamespaceProperty = ns },
                RoleRef = RoleRef("Role", Name),
                Subjects = [Subject],
            }
        );
    }

    private static V1Job Job(ManifestValues values)
    {
        var labels = new Dictionary<string, string> { ["app"] = Name };
        var pod = PodParts.Spec(
            new V1Container
            {
                Name = Name,
                Image = values.RunnerImage,
                Args =
                [
                    "scenario",
                    "run",
                    values.RunnerScenario,
                    "--in-cluster",
                    "--output",
                    "/tmp/artifacts",
                    "--page",
                    "--page-port",
                    PageServer.PreferredPort.ToString(CultureInfo.InvariantCulture),
                    "--metrics-port",
                    MetricsServer.PreferredPort.ToString(CultureInfo.InvariantCulture),
                    "--linger",
                    Linger,
                ],
                Ports =
                [
                    new V1ContainerPort
                    {
                        Name = MetricsPortName,
                        ContainerPort = MetricsServer.PreferredPort,
                        Protocol = "TCP",
                    },
                ],
                Resources = PodParts.Resources("100m", "128Mi", "1", "512Mi"),
            },
            serviceAccount: Name
        );
        pod.RestartPolicy = "Never";
        return new V1Job
        {
            Metadata = new V1ObjectMeta
            {
                Name = Name,
                NamespaceProperty = Namespace,
                Labels = new Dictionary<string, string>(labels),
            },
            Spec = new V1JobSpec
            {
                BackoffLimit = 0,
                Template = new V1PodTemplateSpec
                {
                    Metadata = new V1ObjectMeta { Labels = labels },
                    Spec = pod,
                },
            },
        };
    }

    private static V1PolicyRule Rule(string group, string[] resources, params string[] verbs) =>
        new()
        {
            ApiGroups = [group],
            Resources = resources,
            Verbs = verbs,
        };

    private static V1RoleRef RoleRef(string kind, string name) =>
        new()
        {
            ApiGroup = Rbac,
            Kind = kind,
            Name = name,
        };

    private static Rbacv1Subject Subject =>
        new()
        {
            Kind = "ServiceAccount",
            Name = Name,
            NamespaceProperty = Namespace,
        };
}
