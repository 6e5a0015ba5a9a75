using CiliumDebugging.ClusterModel;
using CiliumDebugging.EmbeddedCluster.Tests.Api;
using CiliumDebugging.Testing;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>One live lab with a real kubectl for all tests of a class, started by the first that needs it.</summary>
public sealed class KubectlLab : IAsyncDisposable
{
    private readonly SemaphoreSlim _starting = new(1, 1);
    private LiveLab? _lab;
    private Kubectl? _kubectl;

    internal LiveLab Lab => _lab!;

    internal async Task<Kubectl> KubectlAsync()
    {
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (_kubectl is not null)
                return _kubectl;
            _lab ??= await LiveLab.StartAsync(ClusterTopology.Default, tls: true, ("proxy-connect-timeout", "100ms"));
            _kubectl = Kubectl.For(_lab.Cluster.ApiUrl, _lab.Token, _lab.Cluster.AuthorityPem);
            TestContext.Current.TestOutputHelper?.WriteLine(await _kubectl.RunAsync("version"));
            await _lab.ReadyAsync();
            return _kubectl;
        }
        finally
        {
            _starting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _kubectl?.Dispose();
        if (_lab is not null)
            await _lab.DisposeAsync();
        _starting.Dispose();
    }
}
