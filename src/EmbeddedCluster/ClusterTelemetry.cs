using CiliumDebugging.ClusterModel;
using CiliumDebugging.EmbeddedCluster.Proxy;
using CiliumDebugging.ServiceDefaults;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CiliumDebugging.EmbeddedCluster;

/// <summary>
/// Sends the node proxies' spans where the environment says. Each node's proxy is a resource of its own, <c>proxy
/// NODE</c>, although all of them run in one process.
/// </summary>
public sealed class ClusterTelemetry : IDisposable
{
    /// <summary>
    /// Nodes with a resource of their own; each costs a thread and a connection. Further nodes share one.
    /// </summary>
    public const int MaxNodes = 20;

    private readonly List<TracerProvider> _providers = [];

    /// <param name="topology">Its workers have proxies.</param>
    /// <param name="export">Adds the exporter to a provider.</param>
    public ClusterTelemetry(ClusterTopology topology, Action<TracerProviderBuilder> export)
    {
        var nodes = topology.Nodes.Where(n => !n.ControlPlane).Select(n => n.Name).ToList();
        foreach (var node in nodes.Take(MaxNodes))
            Add(node, [node]);
        if (nodes.Count > MaxNodes)
            Add("other nodes", nodes[MaxNodes..]);

        void Add(string name, List<string> sources)
        {
            // Without an instance id the Aspire dashboard shows the name alone. The environment's is the cluster's.
            var resource = ResourceBuilder
                .CreateEmpty()
                .AddTelemetrySdk()
                .AddService($"proxy {name}", autoGenerateServiceInstanceId: false)
                .AddAttributes([new("k8s.node.name", name)]);
            var builder = Sdk.CreateTracerProviderBuilder()
                .SetResourceBuilder(resource)
                .AddSource([.. sources.Select(ProxyTracing.SourceName)]);
            export(builder);
            _providers.Add(builder.Build());
        }
    }

    /// <summary>Starts to send; null where no endpoint is configured: then no span is made.</summary>
    public static ClusterTelemetry? Start(ClusterTopology topology) =>
        OtlpTarget.FromEnvironment() is null
            ? null
            : new ClusterTelemetry(topology, builder => builder.AddOtlpExporter());

    /// <summary>Sends the rest and stops.</summary>
    public void Dispose()
    {
        foreach (var provider in _providers)
            provider.Dispose();
    }
}
