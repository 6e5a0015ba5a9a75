using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>HTTP/2 on a live cluster: straight to the Pods, and through the node proxies where HTTP rules
/// apply.</summary>
public class LiveHttp2Tests(LiveHttp2Tests.DefaultLab lab) : IClassFixture<LiveHttp2Tests.DefaultLab>
{
    public sealed class DefaultLab() : ScenarioLab(ClusterTopology.Default);

    /// <summary>The scenario in less time. On a slow machine it takes longer, and requests do not pile up.</summary>
    private static Scenario Pinning(string ports)
    {
        var scenario = ScenarioCatalog.Load("http2-pinning");
        return scenario with
        {
            Load = scenario.Load with { RatePerSecond = 200, Ports = ports, InFlight = 16 },
            Steps = [new PhaseStep("observe", TimeSpan.FromSeconds(3), 600)],
        };
    }

    private static Scenario Under(Scenario policies, Scenario scenario) =>
        scenario with
        {
            Steps = [.. policies.Steps.OfType<ApplyStep>(), .. scenario.Steps],
        };

    private static void ShouldReconcile(RunReport report) =>
        report.Reconciliation.Where(r => r.Difference != 0).ShouldBeEmpty();

    [Fact]
    public async Task The_streams_of_a_connection_go_to_its_pod_and_only_pinning_is_named()
    {
        var report = await lab.RunAsync(Pinning("odd:40000-40999"));
        report.Expectations.Length.ShouldBe(3);
        ShouldReconcile(report);
        report.Diagnosis.Sentence.ShouldContain("of 4 HTTP/2 connection(s)");
    }

    /// <summary>The proxies count each stream, and change nothing about where it goes.</summary>
    [Fact]
    public async Task Http_rules_of_the_backends_count_the_streams_and_do_not_balance_them()
    {
        var report = await lab.RunAsync(Under(ScenarioCatalog.Load("ingress-only"), Pinning("odd:41000-41999")));
        report.Expectations.Length.ShouldBe(3);
        ShouldReconcile(report);
        report.Latest.Pods.Sum(p => p.HubbleOk).ShouldBe(report.Latest.Requests, 2);
    }

    /// <summary>A connection to a pod on another node is one whose every stream gets a 503, all after one connect
    /// timeout and not one after the other.</summary>
    [Fact]
    public async Task With_http_rules_on_both_sides_the_streams_of_remote_connections_get_503()
    {
        // Both kinds of connections: of 24 none is local, or none remote, with 1 in 17,000.
        var pinning = Pinning("odd:42000-42999");
        var report = await lab.RunAsync(
            Under(
                ScenarioCatalog.Load("two-sided-l7"),
                pinning with
                {
                    Load = pinning.Load with { Connections = 24, InFlight = 200 },
                    Expect =
                    [
                        new PhaseExpectation("observe")
                        {
                            Failures = true,
                            FailureStatus = 503,
                            SuccessesFrom = SuccessSource.ClientNode,
                        },
                    ],
                }
            ),
            ("proxy-connect-timeout", "200ms")
        );
        ShouldReconcile(report);
        report.Diagnosis.Name.ShouldBeOneOf("two-sided-l7", "unknown", "undecided");
        report.Latest.Latency!.MaxMs.ShouldBeLessThan(10_000);
    }
}
