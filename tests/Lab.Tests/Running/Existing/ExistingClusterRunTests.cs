using System.Net;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Running.Existing;

public class ExistingClusterRunTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_namespace_that_is_not_the_labs_is_refused_and_nothing_is_touched()
    {
        await using var api = await ApiFixture.StartAsync();
        await api.Client.CoreV1.CreateNamespaceAsync(
            new V1Namespace { Metadata = new V1ObjectMeta { Name = "backend" } },
            cancellationToken: Cancellation
        );
        ExistingClusterRun session = new ExistingClusterRun(
            api.Client,
            new SessionRights { BackendImage = "b", LoadTestImage = "l" },
            TimeProvider.System
        );
        var refusal = await Should.ThrowAsync<ClusterRefusedException>(() =>
            session.RunAsync(ScenarioCatalog.Load("two-sided-l7"), new NoListener(), Cancellation)
        );
        refusal.Message.ShouldContain("Namespace backend exists and is not the lab's");
        (await api.Client.CoreV1.ListNamespaceAsync(cancellationToken: Cancellation))
            .Items.Select(n => n.Name())
            .ShouldNotContain("load-test");
    }

    [Fact]
    public async Task What_a_cluster_lacks_is_said_at_once()
    {
        await using var api = await ApiFixture.StartAsync();
        ExistingClusterRun session = new ExistingClusterRun(api.Client, new SessionRights(), TimeProvider.System);
        var refusal = await Should.ThrowAsync<ClusterRefusedException>(() =>
            session.RunAsync(ScenarioCatalog.Load("fixed-1-10"), new NoListener(), Cancellation)
        );
        refusal.Message.ShouldContain("--backend-image");
        refusal.Message.ShouldContain("it is about Cilium 1.10.0, and the cluster has none");
        refusal.Message.ShouldContain("tunnel");
    }

    [Fact]
    public async Task A_client_that_is_being_deleted_is_no_client()
    {
        await using var api = await ApiFixture.StartAsync();
        await api.Client.CoreV1.CreateNamespacedPodAsync(
            new V1Pod
            {
                Metadata = new V1ObjectMeta
                {
                    Name = "client",
                    Labels = new Dictionary<string, string> { ["app"] = "load-test-1" },
                    Finalizers = ["lab.example/stays"],
                },
                Spec = new V1PodSpec { Containers = [new V1Container { Name = "c", Image = "i" }] },
            },
            "default",
            cancellationToken: Cancellation
        );
        await api.Client.CoreV1.DeleteNamespacedPodAsync("client", "default", cancellationToken: Cancellation);
        var session = new ExistingClusterRun(api.Client, new SessionRights(), TimeProvider.System);
        var refusal = await Should.ThrowAsync<ClusterRefusedException>(() =>
            session.RunAsync(ScenarioCatalog.Load("keepalive-pinning"), new NoListener(), Cancellation)
        );
        refusal.Message.ShouldContain("Deployment load-test/load-test-1");
    }

    [Fact]
    public async Task What_exists_is_never_applied_over_although_no_pod_of_it_is_ready()
    {
        await using var api = await ApiFixture.StartAsync();
        await PlaceAsync(api);
        var before = await ObjectsAsync(api);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var session = new ExistingClusterRun(
            api.Client,
            new SessionRights { BackendImage = "b", LoadTestImage = "l" },
            TimeProvider.System
        );
        var listener = new Waiting(stop);
        await Should.ThrowAsync<OperationCanceledException>(() =>
            session.RunAsync(ScenarioCatalog.Load("session-affinity"), listener, stop.Token)
        );
        listener.Steps.ShouldContain("waiting for 1 backends and the load test");
        listener.Steps.ShouldNotContain(s => s.StartsWith("applying", StringComparison.Ordinal));
        (await ObjectsAsync(api)).ShouldBe(before);
    }

    [Fact]
    public async Task What_could_not_be_put_back_is_said_with_the_commands_that_do_it()
    {
        await using var api = await ApiFixture.StartAsync();
        await PlaceAsync(api);
        var (client, between) = ApiSwitch.For(api);
        using var _ = client;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        between.Instead = (_, path) =>
            stop.IsCancellationRequested && path.EndsWith("/services/backend-1", StringComparison.Ordinal)
                ? (HttpStatusCode.Unauthorized, """{"message": "token expired"}""")
                : null;
        var session = new ExistingClusterRun(client, new SessionRights(), TimeProvider.System);
        var listener = new Waiting(stop);
        await Should.ThrowAsync<OperationCanceledException>(() =>
            session.RunAsync(ScenarioCatalog.Load("session-affinity"), listener, stop.Token)
        );
        session.IsRestored.ShouldBeFalse();
        listener.Left.ShouldMatch(@"\nkubectl replace -f - <<'EOF'\n\{.*\}\nEOF$");
        listener.Left.ShouldContain("401 token expired");
    }

    /// <summary>Service and client are there, without a Pod that is ready.</summary>
    private static async Task PlaceAsync(ApiFixture api)
    {
        foreach (var ns in (string[])["backend", "load-test"])
            await api.Client.CoreV1.CreateNamespaceAsync(
                new V1Namespace { Metadata = new V1ObjectMeta { Name = ns } },
                cancellationToken: Cancellation
            );
        await api.Client.CoreV1.CreateNamespacedServiceAsync(
            new V1Service
            {
                Metadata = new V1ObjectMeta { Name = "backend-1" },
                Spec = new V1ServiceSpec { Ports = [new V1ServicePort { Name = "http", Port = 8080 }] },
            },
            "backend",
            cancellationToken: Cancellation
        );
        await api.Client.CoreV1.CreateNamespacedPodAsync(
            new V1Pod
            {
                Metadata = new V1ObjectMeta
                {
                    Name = "client",
                    Labels = new Dictionary<string, string> { ["app"] = "load-test-1" },
                },
                Spec = new V1PodSpec { Containers = [new V1Container { Name = "c", Image = "i" }] },
            },
            "load-test",
            cancellationToken: Cancellation
        );
    }

    private static async Task<string> ObjectsAsync(ApiFixture api)
    {
        var deployments = await api.Client.AppsV1.ListDeploymentForAllNamespacesAsync(cancellationToken: Cancellation);
        var services = await api.Client.CoreV1.ListServiceForAllNamespacesAsync(cancellationToken: Cancellation);
        return KubernetesJson.Serialize(deployments.Items) + KubernetesJson.Serialize(services.Items);
    }

    /// <summary>Stops the run when it waits for Pods.</summary>
    private sealed class Waiting(CancellationTokenSource stop) : ForwardingRunListener(new NoListener())
    {
        public List<string> Steps { get; } = [];

        public string Left { get; private set; } = "";

        public override void OnLeft(string what) => Left += what;

        public override void OnStep(string what)
        {
            Steps.Add(what);
            if (what.StartsWith("waiting for", StringComparison.Ordinal))
                stop.Cancel();
        }
    }
}
