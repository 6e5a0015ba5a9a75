using CiliumDebugging.ClusterModel;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>A Pod that does not come up says why, in its status and by Events.</summary>
public class PodTroubleTests
{
    private const string Namespace = "backend";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_Pod_that_cannot_be_started_or_never_answers_its_probe_says_why_and_is_tried_again()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        await lab.ReadyAsync();
        // Linux takes no argument or variable of more than 128 KiB.
        var tooLong = new V1EnvVar { Name = "LONG", Value = new string('x', 200 * 1024) };
        await CreateAsync(lab, "too-long", new V1Container { Env = [tooLong] });
        await CreateAsync(lab, "wrong-path", Probed("/nope", 8080));
        await CreateAsync(lab, "wrong-port", Probed("/health", 8099));

        var waiting = await Eventually.GetAsync("its status says why it waits", async () =>
            (await lab.Api.CoreV1.ReadNamespacedPodAsync("too-long", Namespace, cancellationToken: Stop))
                .Status
                ?.ContainerStatuses
                ?[0]
                .State
                .Waiting
        );
        waiting.Reason.ShouldBe("RunContainerError");
        waiting.Message.ShouldContain("Backend cannot be started");

        await EventAsync(lab, "wrong-path", "Unhealthy", "HTTP probe failed with statuscode: 404");
        await EventAsync(lab, "wrong-port", "Unhealthy", ":8099/health\": ");
        await Eventually.GetAsync("it is tried again", async () =>
            (await EventsAsync(lab, "too-long", "Failed")).Count > 2 ? "yes" : null
        );
        var slice = (
            await lab.Api.DiscoveryV1.ListNamespacedEndpointSliceAsync(Namespace, cancellationToken: Stop)
        ).Items.ShouldHaveSingleItem();
        slice.Ports.ShouldHaveSingleItem().Name.ShouldNotBeNull("kubectl describe service reads it unasked");
    }

    private static V1Container Probed(string path, int port) =>
        new()
        {
            Ports = [new V1ContainerPort { ContainerPort = 8080 }],
            ReadinessProbe = new V1Probe
            {
                HttpGet = new V1HTTPGetAction { Path = path, Port = port },
            },
        };

    private static Task<V1Pod> CreateAsync(LiveLab lab, string name, V1Container container)
    {
        (container.Name, container.Image) = ("backend", "backend");
        var pod = new V1Pod
        {
            Metadata = new V1ObjectMeta { Name = name },
            Spec = new V1PodSpec { Containers = [container] },
        };
        return lab.Api.CoreV1.CreateNamespacedPodAsync(pod, Namespace, cancellationToken: Stop);
    }

    private static Task<Corev1Event> EventAsync(LiveLab lab, string pod, string reason, string text) =>
        Eventually.GetAsync($"{pod} has an event {reason}: {text}", async () =>
            (await EventsAsync(lab, pod, reason)).FirstOrDefault(e =>
                e.Message.Contains(text, StringComparison.Ordinal)
            )
        );

    private static async Task<List<Corev1Event>> EventsAsync(LiveLab lab, string pod, string reason) =>
        [
            .. (await lab.Api.CoreV1.ListNamespacedEventAsync(Namespace, cancellationToken: Stop)).Items.Where(e =>
                e.InvolvedObject.Name == pod && e.Reason == reason
            ),
        ];
}
