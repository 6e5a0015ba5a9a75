using System.Globalization;
using CiliumDebugging.Lab.Page;
using k8s.Models;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>
/// A Job that runs a scenario from inside the cluster, with only the rights it needs, and serves its live page. The
/// page listens on the Pod's loopback address, which <c>kubectl port-forward</c> reaches and other Pods do not.
/// Prometheus scrapes a port of its own.
/// </summary>
internal static class RunnerManifests
{
    /// <summary>Name of the Job and the service account.</summary>
    public const string Name = "scenario-runner";

    /// <summary>How long the page stays after the run; its reports are deleted with the Job.</summary>
    private const string Linger = "30m";

    /// <summary>Name of the port with the verdict and its evidence, for Prometheus.</summary>
    public const string MetricsPortName = "metrics";

    public const string Namespace = "cilium-debugging";

    public static IEnumerable<Manifest> Render(ManifestValues values)
    {
        yield return Manifest.Of(PodParts.Namespace(Namespace));
        var rights = new Rights(Namespace, Name);
        yield return rights.Account();
        IEnumerable<Manifest> all =
        [
            // Read everywhere: the places of Pods and nodes, and policies.
            .. rights.Everywhere(
                Rights.Rule("", ["pods", "nodes", "namespaces"], "get", "list"),
                Rights.Rule("cilium.io", ["ciliumnetworkpolicies", "ciliumclusterwidenetworkpolicies"], "list"),
                Rights.Rule("networking.k8s.io", ["networkpolicies"], "list")
            ),
            // The agents' settings and Hubble's metrics.
            .. rights.In("kube-system", Rights.Rule("", ["configmaps"], "get"), Rights.Rule("", ["pods/proxy"], "get")),
            // What scenarios do in the lab's own namespaces.
            .. values.Topology.Workloads.Select(w => w.Namespace).Distinct(StringComparer.Ordinal).SelectMany(InLab),
            Manifest.Of(Job(values)),
        ];
        foreach (var manifest in all)
            yield return manifest;

        IEnumerable<Manifest> InLab(string ns) =>
            rights.In(
                ns,
                Rights.Rule("", ["pods"], "delete"),
                Rights.Rule("", ["pods/proxy"], "get", "create"),
                Rights.Rule("", ["pods/portforward"], "get", "create"),
                Rights.Rule("", ["services"], "get", "patch"),
                Rights.Rule("apps", ["deployments"], "get", "patch"),
                Rights.Rule("discovery.k8s.io", ["endpointslices"], "list"),
                Rights.Rule("cilium.io", ["ciliumnetworkpolicies"], "create", "get", "patch", "delete")
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
                Ports = [PodParts.Port(MetricsPortName, MetricsServer.PreferredPort)],
                Resources = PodParts.Resources("100m", "128Mi", "1", "512Mi"),
            },
            serviceAccount: Name
        );
        pod.RestartPolicy = "Never";
        return new V1Job
        {
            Metadata = PodParts.Meta(Namespace, Name, labels),
            Spec = new V1JobSpec { BackoffLimit = 0, Template = PodParts.Template(labels, pod) },
        };
    }
}
