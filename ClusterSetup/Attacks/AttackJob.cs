using System.Globalization;
using CiliumDebugging.Lab.Manifests;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Attacks;

/// <summary>
/// The indexed Job of an attack: every Pod runs the load test once and writes its results, an HdrHistogram log with the
/// counts, at the end of its output.
/// </summary>
internal static class AttackJob
{
    public const string Container = "attack";

    /// <summary>The cluster deletes the Job of an interrupted command after this time.</summary>
    private const int SecondsKept = 600;

    public static V1Job Of(PodAttackOrder order, string name)
    {
        var rate = double.IsPositiveInfinity(order.RatePerSecond)
            ? "infinity"
            : (order.RatePerSecond / order.Pods).ToString("R", CultureInfo.InvariantCulture);
        var pod = PodParts.Spec(
            new V1Container
            {
                Name = Container,
                Image = order.Image,
                // The end of the log is the Pod's message when it fails.
                TerminationMessagePolicy = "FallbackToLogsOnError",
                Args = ["attack", .. order.Arguments, "--rate", rate, "--hdr", "-"],
                Resources = PodParts.Resources("100m", "128Mi", "2", "512Mi"),
            }
        );
        pod.RestartPolicy = "Never";
        return new V1Job
        {
            ApiVersion = "batch/v1",
            Kind = "Job",
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = order.Namespace,
                Labels = new Dictionary<string, string> { ["app"] = Container },
            },
            Spec = new V1JobSpec
            {
                CompletionMode = "Indexed",
                Completions = order.Pods,
                Parallelism = order.Pods,
                BackoffLimit = 0,
                ActiveDeadlineSeconds = (long)Math.Ceiling(order.Deadline.TotalSeconds),
                TtlSecondsAfterFinished = SecondsKept,
                Template = new V1PodTemplateSpec
                {
                    Metadata = new V1ObjectMeta { Labels = Labels(order) },
                    Spec = pod,
                },
            },
        };
    }

    // Policies select by app as well: a given label wins.
    private static Dictionary<string, string> Labels(PodAttackOrder order)
    {
        var labels = new Dictionary<string, string>(order.Labels, StringComparer.Ordinal);
        labels.TryAdd("app", Container);
        return labels;
    }
}
