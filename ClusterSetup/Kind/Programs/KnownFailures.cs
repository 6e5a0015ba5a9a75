using System.Collections.Immutable;

namespace CiliumDebugging.ClusterSetup.Kind.Programs;

/// <summary>
/// What the error message of a program means and how to fix it. To explain another message, add a row.
/// </summary>
internal static class KnownFailures
{
    /// <summary>In the order they are tried; an empty program matches any.</summary>
    private static readonly ImmutableArray<Row> s_rows =
    [
        new("", "permission denied while trying to connect to the Docker daemon")
        {
            Cause = "this user may not use the container engine",
            Next = "add the user to the group docker and log in again, or run as root",
        },
        new("", "Cannot connect to the Docker daemon")
        {
            Cause = "the container engine does not run",
            Next = "start it (systemctl start docker), then repeat the command",
        },
        new("", "Cannot connect to Podman")
        {
            Cause = "the container engine does not run",
            Next = "start it (podman machine start, or systemctl --user start podman.socket), then repeat the command",
        },
        new("kind", "executable file not found in $PATH")
        {
            Cause = "kind finds no container engine",
            Next = "install docker or podman",
        },
        new("kind", "failed to pull image")
        {
            Cause =
                "the node image cannot be pulled: no network, a registry that refuses, or a mirror without this image",
            Next = "pull it manually (docker pull IMAGE), then repeat the command",
        },
        new("kind", "unable to decode config")
        {
            Cause = "this kind does not know a field of the configuration: it is too old or too new for it",
            Next = "upgrade kind to 0.20 or later; if it is newer, this is a bug of the lab",
        },
        new("kind", "is not a valid cluster name")
        {
            Cause = "the cluster's name has characters that are not allowed",
            Next = "choose another one with --name: lower-case letters, digits, dots and dashes",
        },
        new("kind", "could not locate any control plane nodes", "no nodes found for cluster")
        {
            Cause = "there is no cluster of this name",
            Next = "create it with up --kind",
        },
        new("kind", "port is already allocated")
        {
            Cause = "another program has a port that the cluster needs",
            Next = "stop it, or a cluster of another project, then repeat the command",
        },
        new("", "no space left on device")
        {
            Cause = "the disk of the container engine is full",
            Next = "free some (docker system prune), then repeat the command",
        },
        new("", "too many open files")
        {
            Cause = "the limits for inotify are too low for this number of nodes",
            Next = "sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512, then down and up",
        },
        new("helm", "another operation (install/upgrade/rollback) is in progress")
        {
            Cause = "an earlier install was interrupted",
            Next = "down, then up again; or helm uninstall cilium -n kube-system",
        },
        new("helm", "chart requires kubeVersion")
        {
            Cause = "this Cilium does not run on this Kubernetes",
            Next = "leave --kubernetes out, or choose another --cilium-version",
        },
        new("helm", "timed out waiting", "context deadline exceeded")
        {
            Cause = "Cilium did not become ready in time",
            Next = "look at the agents: kubectl -n kube-system get pods -l k8s-app=cilium",
        },
        new("helm", "not found in")
        {
            Cause = "the chart repository does not have this version",
            Next = "choose another --cilium-version",
        },
        new("helm", "cannot be reached", "no such host")
        {
            Cause = "the chart repository cannot be reached",
            Next = "check the network, or download the chart and name it with --chart",
        },
        new("dotnet", "MSB4018", "CONTAINER1")
        {
            Cause = "the base image cannot be read from its registry",
            Next = "check the network, or name a base image that can be reached with --base-image",
        },
        new("dotnet", "error CS") { Cause = "the sources do not compile", Next = "build them: dotnet build" },
    ];

    /// <summary>The cause and the next step.</summary>
    public static (string Cause, string Next) Explain(string program, string output)
    {
        if (s_rows.FirstOrDefault(r => r.Matches(program, output)) is { } row)
            return (row.Cause, row.Next);
        return output.Length == 0
            ? ("it wrote nothing", "run the command manually")
            : ("see its output", "run the command manually; up can be repeated at any time, down removes everything");
    }

    private sealed record Row(string Program, params ImmutableArray<string> Texts)
    {
        public required string Cause { get; init; }

        public required string Next { get; init; }

        public bool Matches(string program, string output) =>
            (Program.Length == 0 || Program == program)
            && Texts.Any(t => output.Contains(t, StringComparison.OrdinalIgnoreCase));
    }
}
