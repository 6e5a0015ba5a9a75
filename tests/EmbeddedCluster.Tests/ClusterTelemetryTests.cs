using System.Collections.Concurrent;
using System.Diagnostics;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.EmbeddedCluster.Proxy;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace CiliumDebugging.EmbeddedCluster.Tests;

public sealed class ClusterTelemetryTests
{
    [Fact]
    public void Each_nodes_proxy_is_a_resource_of_its_own()
    {
        ClusterTopology topology = ClusterTopology.Create("one", workers: 3);

        var spans = Record(topology, "one-worker", "one-worker3", "one-control-plane");

        spans
            .Select(s => (s.Service, s.Node))
            .ShouldBe([("proxy one-worker", "one-worker"), ("proxy one-worker3", "one-worker3")]);
    }

    [Fact]
    public void Nodes_beyond_the_bound_share_a_resource()
    {
        ClusterTopology topology = ClusterTopology.Create("large", workers: 100);

        var spans = Record(topology, "large-worker20", "large-worker21", "large-worker100");

        spans.Select(s => s.Service).ShouldBe(["proxy large-worker20", "proxy other nodes", "proxy other nodes"]);
        spans.Select(s => s.Providers).ShouldAllBe(n => n == ClusterTelemetry.MaxNodes + 1);
    }

    private static List<(string? Service, string? Node, int Providers)> Record(
        ClusterTopology topology,
        params string[] nodes
    )
    {
        var (exporters, spans) = (new List<Kept>(), new ConcurrentQueue<(string?, string?)>());
        using (new ClusterTelemetry(topology, builder =>
            {
                var exporter = new Kept(spans);
                exporters.Add(exporter);
                builder.AddProcessor(new SimpleActivityExportProcessor(exporter));
            }))
            foreach (var node in nodes)
                ProxyTracing.Source(node).StartActivity("pass", ActivityKind.Server)?.Dispose();
        return [.. spans.Select(s => (s.Item1, s.Item2, exporters.Count))];
    }

    private sealed class Kept(ConcurrentQueue<(string?, string?)> spans) : BaseExporter<Activity>
    {
        public override ExportResult Export(in Batch<Activity> batch)
        {
            var resource = ParentProvider
                .GetResource()
                .Attributes.ToDictionary(a => a.Key, a => a.Value.ToString(), StringComparer.Ordinal);
            // A dashboard would show the instance behind the name.
            resource.ShouldNotContainKey("service.instance.id");
            foreach (var _ in batch)
                spans.Enqueue((resource["service.name"], resource["k8s.node.name"]));
            return ExportResult.Success;
        }
    }
}
