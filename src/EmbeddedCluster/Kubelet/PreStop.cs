using System.Globalization;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Kubelet;

/// <summary>
/// A container's preStop hook, which runs before its program gets SIGTERM. Hooks that sleep are honoured: another
/// command has no container to run in here.
/// </summary>
internal static class PreStop
{
    /// <summary>What a kubelet leaves a program after a hook that took the whole grace period.</summary>
    private static readonly TimeSpan s_least = TimeSpan.FromSeconds(2);

    /// <summary>How long the hook and then the program may take.</summary>
    /// <param name="pod">A Pod of one container.</param>
    /// <param name="grace">Its grace period, which begins with the hook.</param>
    /// <returns>
    /// How long the program goes on as before, at most the grace period; how long it then has to end after SIGTERM.
    /// </returns>
    public static (TimeSpan Hook, TimeSpan Grace) Of(V1Pod pod, TimeSpan grace)
    {
        if (Sleep(pod.Spec.Containers[0].Lifecycle?.PreStop) is not { } sleep)
            return (TimeSpan.Zero, grace);
        var hook = sleep < grace ? sleep : grace;
        return (hook, grace - hook < s_least ? s_least : grace - hook);
    }

    /// <summary>
    /// A hook that cannot be run here, in words; null: there is none, or it sleeps.
    /// </summary>
    public static string? Refused(V1Pod pod) =>
        pod.Spec.Containers[0].Lifecycle?.PreStop is { } hook && Sleep(hook) is null
            ? "the embedded cluster runs preStop hooks that sleep (lifecycle.preStop.sleep, or exec of sleep SECONDS)"
            : null;

    private static TimeSpan? Sleep(V1LifecycleHandler? hook) =>
        hook switch
        {
            { Sleep.Seconds: var seconds } => TimeSpan.FromSeconds(seconds),
            { Exec.Command: { } command } => SleepIn(string.Join(' ', command).Split(' ')),
            _ => null,
        };

    /// <summary>The duration of <c>sleep 5</c>, also in a shell: <c>/bin/sh -c "sleep 5"</c>.</summary>
    private static TimeSpan? SleepIn(string[] words) =>
        words is [.. var shell, var command, var text]
        && (shell is [] or [_, "-c"])
        && command.Split('/')[^1] == "sleep"
        && double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
        && seconds <= 3600
            ? TimeSpan.FromSeconds(seconds)
            : null;
}
