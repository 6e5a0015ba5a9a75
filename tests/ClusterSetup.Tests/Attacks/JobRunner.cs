using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using CiliumDebugging.EmbeddedCluster.Api.Requests;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Tests.Attacks;

/// <summary>
/// Does a Job controller's and a kubelet's part for the first Job of an API server: its Pods end at once as a test
/// says, with the output that it gives.
/// </summary>
internal sealed class JobRunner : IPodLogs
{
    private readonly ConcurrentDictionary<string, string> _outputs = new();

    /// <summary>Phase and output of the Pod with this index.</summary>
    public required Func<int, (string Phase, string Output)> Pod { get; init; }

    /// <summary>Why the Pods do not start; null: they do.</summary>
    public string? Waiting { get; init; }

    /// <summary>The Job as it was created.</summary>
    public V1Job? Job { get; private set; }

    public async Task RunAsync(ApiFixture api, string ns, CancellationToken cancellationToken)
    {
        while (Job is null)
        {
            Job = (
                await api.Client.BatchV1.ListNamespacedJobAsync(ns, cancellationToken: cancellationToken)
            ).Items.SingleOrDefault();
            await Task.Delay(5, cancellationToken);
        }
        var phases = new List<string>();
        for (var index = 0; index < Job.Spec.Completions; index++)
        {
            var (phase, output) = Pod(index);
            phases.Add(phase);
            var pod = new V1Pod
            {
                Metadata = new V1ObjectMeta
                {
                    Name = $"{Job.Metadata.Name}-{index}",
                    NamespaceProperty = ns,
                    Labels = new Dictionary<string, string>(Job.Spec.Template.Metadata.Labels)
                    {
                        ["job-name"] = Job.Metadata.Name,
                    },
                },
                Spec = Job.Spec.Template.Spec,
            };
            _outputs[pod.Metadata.Name] = output;
            var created = await api.Client.CoreV1.CreateNamespacedPodAsync(
                pod,
                ns,
                cancellationToken: cancellationToken
            );
            var state = Waiting is null
                ? new V1ContainerState
                {
                    Terminated = new V1ContainerStateTerminated
                    {
                        ExitCode = phase == "Failed" ? 1 : 0,
                        StartedAt = DateTime.UnixEpoch.AddSeconds(index),
                    },
                }
                : new V1ContainerState
                {
                    Waiting = new V1ContainerStateWaiting { Reason = Waiting, Message = "no such image" },
                };
            created.Status = new V1PodStatus
            {
                Phase = phase,
                ContainerStatuses =
                [
                    new V1ContainerStatus
                    {
                        Name = "attack",
                        Image = "i",
                        ImageID = "",
                        Ready = false,
                        RestartCount = 0,
                        State = state,
                    },
                ],
            };
            await api.Client.CoreV1.ReplaceNamespacedPodStatusAsync(
                created,
                created.Metadata.Name,
                ns,
                cancellationToken: cancellationToken
            );
        }
        var job = await api.Client.BatchV1.ReadNamespacedJobAsync(
            Job.Metadata.Name,
            ns,
            cancellationToken: cancellationToken
        );
        job.Status = new V1JobStatus
        {
            Succeeded = phases.Count(p => p == "Succeeded"),
            Failed = phases.Count(p => p == "Failed"),
        };
        await api.Client.BatchV1.ReplaceNamespacedJobStatusAsync(
            job,
            Job.Metadata.Name,
            ns,
            cancellationToken: cancellationToken
        );
    }

    public async IAsyncEnumerable<PodLogLine> ReadAsync(
        string ns,
        string podName,
        int? tailLines,
        bool follow,
        bool previous,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        foreach (var line in _outputs[podName].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            await Task.Yield();
            yield return new PodLogLine(DateTimeOffset.UnixEpoch, line);
        }
    }
}
