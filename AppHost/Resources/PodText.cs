using System.Collections.Immutable;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Status;
using k8s.Models;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using static System.FormattableString;
using static CiliumDebugging.AppHost.Resources.RowText;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>The text of a Pod's row: its state and its part of the load. Pure.</summary>
internal static class PodText
{
    private const int BarLength = 10;

    /// <summary>Fewer requests or failures a second than this are none: the rates forget slowly.</summary>
    private const double Few = 0.05;

    /// <summary>The row of a Pod. <paramref name="share"/> is its part of the load; null: nothing is known.</summary>
    public static RowText Of(V1Pod pod, PageState state, PageRow? share)
    {
        var isClient = state.Client.Pod == pod.Name();
        return new RowText(StateOf(pod, share), SourceOf(pod, state))
        {
            Link = share is null ? ClientLink(isClient, state) : LinkOf(share),
            Health = HealthOf(pod, isClient, state),
            Properties = [.. Of(pod), .. share is null ? [] : Of(share)],
        };
    }

    private static string? ClientLink(bool isClient, PageState state) =>
        isClient && state.Activity is PageActivity.Running or PageActivity.Watching
            ? Invariant($"sends {state.RatePerSecond:0.#} requests/s")
            : null;

    private static (HealthStatus Status, string Reason) HealthOf(V1Pod pod, bool isClient, PageState state)
    {
        if (!pod.IsReady())
            return (HealthStatus.Unhealthy, ProblemOf(pod) ?? "not ready");
        return isClient ? DistributionHealth.Of(state) : (HealthStatus.Healthy, "ready");
    }

    /// <summary>A share as a bar, with its rate: <c>███░░░░░░░ 33 % 16.7/s</c>.</summary>
    public static string LinkOf(PageRow row)
    {
        var filled = (int)Math.Round(Math.Clamp(row.Share ?? 0, 0, 1) * BarLength);
        var bar = new string('█', filled) + new string('░', BarLength - filled);
        var failures = row.FailedPerSecond >= Few ? Invariant($", {row.FailedPerSecond:0.0}/s fail") : "";
        return Invariant($"{bar} {row.Share ?? 0:0 %} {row.OkPerSecond:0.0}/s{failures}");
    }

    private static string SourceOf(V1Pod pod, PageState state)
    {
        if (pod.Spec.NodeName is not { Length: > 0 } node)
            return "no node yet";
        return node == state.Client.Node && state.Client.Pod != pod.Name() ? $"{node}, the client's node" : node;
    }

    private static ResourceStateSnapshot StateOf(V1Pod pod, PageRow? share)
    {
        if (pod.Metadata.DeletionTimestamp is not null)
            return Styled("Terminating", KnownResourceStateStyles.Info);
        var phase = pod.Status?.Phase;
        if (phase is "Succeeded")
            return Styled(KnownResourceStates.Finished, KnownResourceStateStyles.Success);
        if (phase is "Failed")
            return Styled("Failed", KnownResourceStateStyles.Error);
        if (ProblemOf(pod) is { } problem)
            return Styled(problem, KnownResourceStateStyles.Error);
        if (phase is not "Running")
            return Styled(phase ?? "Pending", KnownResourceStateStyles.Info);
        if (!pod.IsReady())
            return Styled("Running, not ready", KnownResourceStateStyles.Warn);
        return share?.State switch
        {
            RowState.Silent => Styled(
                share.EchoPerSecond >= Few ? "Running, answers nothing" : "Running, receives nothing",
                KnownResourceStateStyles.Error
            ),
            RowState.Short => Styled("Running, receives too little", KnownResourceStateStyles.Warn),
            _ => Styled(KnownResourceStates.Running, KnownResourceStateStyles.Success),
        };
    }

    /// <summary>
    /// Why a container does not run (CrashLoopBackOff, ErrImagePull); null when it runs or is about to.
    /// </summary>
    private static string? ProblemOf(V1Pod pod) =>
        (pod.Status?.ContainerStatuses ?? [])
            .Select(c => c.State?.Waiting?.Reason)
            .FirstOrDefault(r => r is not null and not "ContainerCreating" and not "PodInitializing");

    private static ImmutableArray<(string, string)> Of(V1Pod pod) =>
        [
            ("pod", pod.Name()),
            ("namespace", pod.Namespace()),
            ("node", pod.Spec.NodeName ?? ""),
            ("pod IP", pod.Status?.PodIP ?? ""),
            ("restarts", Invariant($"{(pod.Status?.ContainerStatuses ?? []).Sum(c => c.RestartCount)}")),
        ];

    private static ImmutableArray<(string, string)> Of(PageRow row) =>
        [
            (
                "share",
                row is { Share: { } share, ShareLower: { } lower, ShareUpper: { } upper }
                    ? Invariant($"{share:0.0 %} ({lower:0.0 %} to {upper:0.0 %})")
                    : "–"
            ),
            ("expected share", Invariant($"{row.Expected:0.0 %}")),
            ("successes/s", Invariant($"{row.OkPerSecond:0.0}")),
            ("failures/s", Invariant($"{row.FailedPerSecond:0.0}")),
            ("requests/s counted by the pod", Invariant($"{row.EchoPerSecond:0.0}")),
            ("requests/s counted by Hubble", Invariant($"{row.HubblePerSecond:0.0}")),
            ("p50", row.P50Ms is { } p50 ? Invariant($"{p50:0.0} ms") : "–"),
            ("p99", row.P99Ms is { } p99 ? Invariant($"{p99:0.0} ms") : "–"),
        ];
}
