using System.Globalization;
using CiliumDebugging.ClusterModel;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Testing;

/// <summary>
/// A cluster for tests of what the lab does with KubernetesClient: the embedded API server, or the real one that the
/// kubeconfig in KUBECONFIG_TEST names (its current context; Cilium's CRDs must be there). Each test has a namespace of
/// its own and leaves nothing else.
/// </summary>
internal sealed class TestCluster : IAsyncDisposable
{
    public const string Variable = "KUBECONFIG_TEST";

    private readonly ApiFixture? _embedded;

    private TestCluster(Kubernetes client, ApiFixture? embedded) => (Client, _embedded) = (client, embedded);

    public Kubernetes Client { get; }

    public string Namespace { get; } = $"lab-test-{Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture)[..10]}";

    public static async Task<TestCluster> StartAsync()
    {
        var file = Environment.GetEnvironmentVariable(Variable);
        var embedded = string.IsNullOrEmpty(file) ? await ApiFixture.StartAsync() : null;
        var cluster = new TestCluster(
            embedded?.Client ?? new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(file)),
            embedded
        );
        await cluster.Client.CoreV1.CreateNamespaceAsync(
            new V1Namespace
            {
                Metadata = new V1ObjectMeta
                {
                    Name = cluster.Namespace,
                    Labels = new Dictionary<string, string> { [Ownership.Label] = Ownership.Name },
                },
            },
            cancellationToken: TestContext.Current.CancellationToken
        );
        // A real server refuses Pods until a controller has made the namespace's service account; the lab's has none.
        if ((await cluster.Client.Version.GetCodeAsync(TestContext.Current.CancellationToken)).Platform != "embedded")
            await Eventually.HoldsAsync("the namespace has its service account", async () =>
                (await cluster.Client.CoreV1.ListNamespacedServiceAccountAsync(cluster.Namespace)).Items.Count > 0
            );
        return cluster;
    }

    public async ValueTask DisposeAsync()
    {
        if (_embedded is not null)
        {
            await _embedded.DisposeAsync();
            return;
        }
        try
        {
            await Client.CoreV1.DeleteNamespaceAsync(Namespace);
        }
        catch (k8s.Autorest.HttpOperationException)
        {
            // The test deleted it.
        }
        Client.Dispose();
    }
}
