using System.Net;
using CiliumDebugging.EmbeddedCluster.Kubelet;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Tests.Kubelet;

public sealed class PodStatusWriterTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_status_is_written_again_until_the_API_answers()
    {
        await using var api = await ApiFixture.StartAsync();
        var (client, between) = ApiSwitch.For(api);
        using var _ = client;
        var pod = await CreatePodAsync(client);
        var failures = new Queue<Exception?>([
            new HttpRequestException("An error occurred while sending the request."),
            new TaskCanceledException("The request was canceled due to the configured HttpClient.Timeout"),
            null,
        ]);
        between.Instead = (method, _) =>
            !failures.TryDequeue(out var failure) ? null
            : failure is not null ? throw failure
            : (HttpStatusCode.ServiceUnavailable, "{}");

        var status = new PodStatusWriter(client, pod, "127.64.1.1", "127.66.0.2", TimeProvider.System);
        await status.WriteAsync("Running", ready: true, status.Running(), Cancellation);

        failures.ShouldBeEmpty();
        var written = await client.CoreV1.ReadNamespacedPodAsync("a", "default", cancellationToken: Cancellation);
        written.Status.Phase.ShouldBe("Running");
        written.Status.Conditions.ShouldContain(c => c.Type == "Ready" && c.Status == "True");
    }

    [Fact]
    public async Task A_status_that_is_refused_is_not_written_again()
    {
        await using var api = await ApiFixture.StartAsync();
        var (client, between) = ApiSwitch.For(api);
        using var _ = client;
        var pod = await CreatePodAsync(client);
        between.Instead = (_, _) => (HttpStatusCode.UnprocessableEntity, "{}");
        var before = between.Requests;

        var status = new PodStatusWriter(client, pod, "127.64.1.1", "127.66.0.2", TimeProvider.System);
        await Should.ThrowAsync<k8s.Autorest.HttpOperationException>(() =>
            status.WriteAsync("Running", ready: true, status.Running(), Cancellation)
        );
        between.Requests.ShouldBe(before + 1);
    }

    [Fact]
    public async Task Whoever_ends_does_not_wait_for_the_API()
    {
        await using var api = await ApiFixture.StartAsync();
        var (client, between) = ApiSwitch.For(api);
        using var _ = client;
        var pod = await CreatePodAsync(client);
        between.IsOff = true;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var status = new PodStatusWriter(client, pod, "127.64.1.1", "127.66.0.2", TimeProvider.System);
        var writing = status.WriteAsync("Running", ready: true, status.Running(), stop.Token);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => writing);
    }

    private static Task<V1Pod> CreatePodAsync(Kubernetes client) =>
        client.CoreV1.CreateNamespacedPodAsync(
            new V1Pod
            {
                Metadata = new V1ObjectMeta { Name = "a" },
                Spec = new V1PodSpec { Containers = [new V1Container { Name = "backend", Image = "backend" }] },
            },
            "default",
            cancellationToken: Cancellation
        );
}
