using System.Globalization;

namespace CiliumDebugging.ClusterSetup.Kind;

/// <summary>
/// Limits of this machine that a kind cluster of several nodes may exceed. Source:
/// https://kind.sigs.k8s.io/docs/user/known-issues/.
/// </summary>
internal static class MachineLimits
{
    private static readonly (string File, long Minimum)[] s_inotify =
    [
        ("/proc/sys/fs/inotify/max_user_watches", 524_288),
        ("/proc/sys/fs/inotify/max_user_instances", 512),
    ];

    /// <summary>
    /// Checks them. On systems other than Linux the limits are those of the engine's virtual machine, unknown here.
    /// </summary>
    public static IEnumerable<Prerequisite> Check(int workers)
    {
        foreach (var (file, minimum) in s_inotify.Where(i => File.Exists(i.File)))
        {
            var name = file["/proc/sys/".Length..].Replace('/', '.');
            var value = long.Parse(File.ReadAllText(file).Trim(), CultureInfo.InvariantCulture);
            yield return new Prerequisite(
                name,
                value.ToString(CultureInfo.InvariantCulture),
                value >= minimum ? null : $"low for {workers + 1} nodes; sysctl {name}={minimum}",
                Optional: true
            );
        }
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1L << 30);
        var wanted = 1 + workers;
        yield return new Prerequisite(
            "memory",
            $"{memory} GiB",
            memory >= wanted ? null : $"low for {workers + 1} nodes with Cilium; {wanted} GiB or more are better",
            Optional: true
        );
    }
}
