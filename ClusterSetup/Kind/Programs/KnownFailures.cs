using System.Collections.Immutable;

namespace CiliumDebugging.ClusterSetup.Kind.Programs;

/// <summary>What a program's complaint means and what to do about it. To know another one, add a row.</summary>
internal static class KnownFailures
{
    private sealed record Row(string Program, string Text, string Cause, string Next);

    /// <summary>In the order they are looked for; an empty program fits any.</summary>
    private static readonly ImmutableArray<Row> s_rows =
    [
        new(
            "",
            "permission denied while trying to connect to the Docker daemon",
            "this user may not talk to the container engine",
            "add the user to the group docker and log in again, or run as root"
        ),
        new(
            "",
            "Cannot connect to the Docker daemon",
            "the container engine does not run",
            "start it (systemctl start docker), then repeat what you did"
        ),
        new(
            "",
            "Cannot connect to Podman",
            "the container engine does not run",
            "start it (podman machine start, or systemctl --user start podman.socket), then repeat what you did"
        ),
        new("kind", "executable file not found in $PATH", "kind finds no container engine", "install docker or podman"),
        new(
            "kind",
            "failed to pull image",
            "the node image cannot be pulled: no network, a registry that refuses, or a mirror without this image",
            "pull it by hand (docker pull IMAGE), then repeat what you did"
        ),
        new(
            "kind",
            "unable to decode config",
            "this kind does not know a field of the configuration: it is too old or too new for it",
            "upgrade kind to 0.20 or later; if it is newer, this is a bug of the lab"
        ),
        new(
            "kind",
            "is not a valid cluster name",
            "the cluster's name has characters that are not allowed",
            "choose another one with --name: lower-case letters, digits, dots and dashes"
        ),
        new(
            "kind",
            "could not locate any control plane nodes",
            "there is no cluster of this name",
            "create it with up --kind"
        ),
        new("kind", "no nodes found for cluster", "there is no cluster of this name", "create it with up --kind"),
        new(
            "kind",
            "port is already allocated",
            "another program has a port that the cluster needs",
            "stop it, or a cluster of another project, then repeat what you did"
        ),
        new(
            "",
            "no space left on device",
            "the disk of the container engine is full",
            "free some (docker system prune), then repeat what you did"
        ),
        new(
            "",
            "too many open files",
            "the limits for inotify are too low for so many nodes",
            "sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512, then down and up"
        ),
        new(
            "helm",
            "another operation (install/upgrade/rollback) is in progress",
            "an earlier install was interrupted",
            "down, then up again; or helm uninstall cilium -n kube-system"
        ),
        new(
            "helm",
            "chart requires kubeVersion",
            "this Cilium does not go on this Kubernetes",
            "leave --kubernetes out, or choose another --cilium-version"
        ),
        new(
            "helm",
            "timed out waiting",
            "Cilium did not become ready in time",
            "look at the agents: kubectl -n kube-system get pods -l k8s-app=cilium"
        ),
        new(
            "helm",
            "context deadline exceeded",
            "Cilium did not become ready in time",
            "look at the agents: kubectl -n kube-system get pods -l k8s-app=cilium"
        ),
        new("helm", "not found in", "the chart repository has no such version", "choose another --cilium-version"),
        new(
            "helm",
            "cannot be reached",
            "the chart repository cannot be reached",
            "check the network, or download the chart and name it with --chart"
        ),
        new(
            "helm",
            "no such host",
            "the chart repository cannot be reached",
            "check the network, or download the chart and name it with --chart"
        ),
        new(
            "dotnet",
            "MSB4018",
            "the base image cannot be read from its registry",
            "check the network, or name a base image that can be reached with --base-image"
        ),
        new(
            "dotnet",
            "CONTAINER1",
            "the base image cannot be read from its registry",
            "check the network, or name a base image that can be reached with --base-image"
        ),
        new("dotnet", "error CS", "the sources do not compile", "build them: dotnet build"),
    ];

    /// <summary>The cause and the next move.</summary>
    public static (string Cause, string Next) Explain(string program, string output)
    {
        var row = s_rows.FirstOrDefault(r =>
            (r.Program.Length == 0 || r.Program == program)
            && output.Contains(r.Text, StringComparison.OrdinalIgnoreCase)
        );
        return row is not null ? (row.Cause, row.Next)
            : output.Length == 0 ? ("it wrote nothing", "run the command by hand")
            : ("see its output", "run the command by hand; up can be repeated at any time, down removes everything");
    }
}
