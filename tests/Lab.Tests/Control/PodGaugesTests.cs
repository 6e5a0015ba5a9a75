using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Page;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace CiliumDebugging.Lab.Tests.Control;

public sealed class PodGaugesTests
{
    private readonly List<(string Resource, string Metric, double Value)> _exported = [];

    private PodGauges Gauges() => new("distribution", () => new Kept(_exported));

    private static PageState State(params IEnumerable<PageRow> rows) => PageState.Empty with { Rows = [.. rows] };

    private static PageRow Row(string name, double? share, double ok, double failed) =>
        new()
        {
            Key = $"backend/{name}",
            Name = name,
            Node = "cluster-worker",
            OkPerSecond = ok,
            FailedPerSecond = failed,
            Share = share,
            Expected = 0.33,
        };

    [Fact]
    public void Each_pod_is_an_instance_of_the_run_and_of_its_workload_with_its_own_figures()
    {
        using var gauges = Gauges();

        gauges.Export(
            State(Row("backend-1-5978fcd57b-c62sb", 1, 17, 0), Row("backend-1-5978fcd57b-qzfbr", null, 0, 16.5))
        );

        _exported.ShouldBe(
            [
                ("distribution-c62sb", "loadtest.pod.share", 1),
                ("distribution-c62sb", "loadtest.pod.successes.rate", 17),
                ("distribution-c62sb", "loadtest.pod.failures.rate", 0),
                ("backend-1-c62sb", "loadtest.pod.share", 1),
                ("backend-1-c62sb", "loadtest.pod.successes.rate", 17),
                ("backend-1-c62sb", "loadtest.pod.failures.rate", 0),
                ("distribution-qzfbr", "loadtest.pod.successes.rate", 0),
                ("distribution-qzfbr", "loadtest.pod.failures.rate", 16.5),
                ("backend-1-qzfbr", "loadtest.pod.successes.rate", 0),
                ("backend-1-qzfbr", "loadtest.pod.failures.rate", 16.5),
            ],
            ignoreOrder: true
        );
    }

    [Fact]
    public void A_deleted_pod_is_no_longer_exported()
    {
        using var gauges = Gauges();
        gauges.Export(State(Row("backend-1-5978fcd57b-c62sb", 1, 17, 0)));
        _exported.Clear();

        gauges.Export(State(Row("backend-1-5978fcd57b-qzfbr", 1, 17, 0)));

        gauges.Count.ShouldBe(1);
        _exported.Select(e => e.Resource).Distinct().ShouldBe(["distribution-qzfbr", "backend-1-qzfbr"]);
    }

    [Fact]
    public void The_number_of_pods_is_bounded_and_rows_of_nodes_are_not_exported()
    {
        using var gauges = Gauges();
        var many = Enumerable.Range(0, 60).Select(n => Row($"db-{n}", 0.1, 1, 0)).ToList();

        gauges.Export(State(many));
        gauges.Count.ShouldBe(PodGauges.MaxPods);
        gauges.Export(State(many) with { Grouped = true });
        gauges.Count.ShouldBe(0);
    }

    [Fact]
    public void An_unreachable_receiver_is_tried_once_a_round()
    {
        var tries = 0;
        using var gauges = new PodGauges("distribution", () => new OutOfReach(() => tries++));

        gauges.Export(State(Enumerable.Range(0, 5).Select(n => Row($"db-{n}", 0.1, 1, 0))));

        tries.ShouldBe(1);
    }

    private sealed class Kept(List<(string Resource, string Metric, double Value)> exported) : BaseExporter<Metric>
    {
        public override ExportResult Export(in Batch<Metric> batch)
        {
            var resource = ParentProvider
                .GetResource()
                .Attributes.ToDictionary(a => a.Key, a => a.Value.ToString(), StringComparer.Ordinal);
            foreach (var metric in batch)
            foreach (ref readonly var point in metric.GetMetricPoints())
                exported.Add(
                    (
                        $"{resource["service.name"]}-{resource["service.instance.id"]}",
                        metric.Name,
                        point.GetGaugeLastValueDouble()
                    )
                );
            return ExportResult.Success;
        }
    }

    private sealed class OutOfReach(Action onExport) : BaseExporter<Metric>
    {
        public override ExportResult Export(in Batch<Metric> batch)
        {
            onExport();
            return ExportResult.Failure;
        }
    }
}
