using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.Measurement.Tests.Counters;

public class ClusterCountersTests
{
    private const string Scrape = """
        hubble_http_requests_total{destination="backend/a",method="POST",protocol="HTTP/1.1",source="load-test/l"} 5
        hubble_http_requests_total{destination="backend/a",method="GET",protocol="HTTP/1.1",source="load-test/l"} 2
        hubble_http_responses_total{destination="load-test/l",method="POST",source="backend/a",status="200"} 4
        hubble_http_responses_total{destination="load-test/l",method="POST",source="backend/a",status="503"} 3
        hubble_flows_processed_total{protocol="HTTP",subtype="HTTP",traffic_direction="egress",type="L7",verdict="FORWARDED"} 14
        hubble_flows_processed_total{protocol="HTTP",subtype="HTTP",traffic_direction="ingress",type="L7",verdict="FORWARDED"} 9
        hubble_drop_total{protocol="TCP",reason="POLICY_DENIED"} 6
        something_else 1
        """;

    private static readonly BackendPod s_pod = new("a", "backend", "n1");

    [Fact]
    public void Source_and_destination_are_swapped_on_responses()
    {
        var counted = ClusterCounters.Zero.WithHubble("n1", PrometheusSamples.Parse(Scrape));
        counted.RequestsTo("backend/a").ShouldBe(7);
        counted.ResponsesOf("backend/a", s => s == 503).ShouldBe(3);
        counted.ResponsesOf("backend/a", s => s < 300).ShouldBe(4);
        counted.RequestsTo("load-test/l").ShouldBe(0);
        counted.EgressFlows["n1"].ShouldBe(14);
        counted.Drops["POLICY_DENIED"].ShouldBe(6);
    }

    [Fact]
    public void A_node_whose_responses_have_no_status_is_a_missing_one()
    {
        var scrape = Scrape.Replace(",status=\"200\"", "", StringComparison.Ordinal);
        ClusterCounters.Zero.WithHubble("n1", PrometheusSamples.Parse(scrape)).MissingNodes.ShouldBe(["n1"]);
    }

    [Fact]
    public void A_backend_that_is_silent_at_either_moment_has_no_difference()
    {
        var read = ClusterCounters.Zero.WithBackend(s_pod, PrometheusSamples.Parse("echo_requests 10"));
        var silent = ClusterCounters.Zero.WithoutBackend(s_pod);
        foreach (var counted in (ClusterCounters[])[read.Since(silent), silent.Since(read)])
        {
            counted.Echo.ShouldBeEmpty();
            counted.SilentPods.ShouldBe(["backend/a"]);
        }
        read.Since(ClusterCounters.Zero).SilentPods.ShouldBeEmpty();
    }

    [Fact]
    public void Requests_with_a_status_count_as_requests_and_as_responses()
    {
        var counted = ClusterCounters.Zero.WithHubble(
            "n1",
            PrometheusSamples.Parse(
                """
                hubble_http_requests_total{destination="backend/a",reporter="server",status="200"} 5
                hubble_http_requests_total{destination_namespace="backend",destination_pod="a",status="503"} 2
                hubble_http_requests_total{destination="backend/a",reporter="server",status="0"} 1
                """
            )
        );
        counted.RequestsTo("backend/a").ShouldBe(8);
        counted.ResponsesOf("backend/a", s => s == 200).ShouldBe(5);
        counted.ResponsesOf("backend/a", s => s == 503).ShouldBe(2);
        counted.ResponsesOf("backend/a", s => s == 0).ShouldBe(1);
    }

    [Fact]
    public void A_node_whose_statuses_are_not_those_of_HTTP_is_missing() =>
        ClusterCounters
            .Zero.WithHubble(
                "n1",
                PrometheusSamples.Parse("hubble_http_responses_total{source=\"backend/a\",status=\"fine\"} 5")
            )
            .MissingNodes.ShouldBe(["n1"]);

    [Fact]
    public void Nodes_add_up_and_stay_apart()
    {
        var samples = PrometheusSamples.Parse(Scrape);
        var counted = ClusterCounters.Zero.WithHubble("n1", samples).WithHubble("n2", samples);
        counted.RequestsTo("backend/a").ShouldBe(14);
        counted.Responses[new HubbleKey("n2", "backend/a", 503)].ShouldBe(3);
        counted.Drops["POLICY_DENIED"].ShouldBe(12);
    }

    [Fact]
    public void A_difference_leaves_what_was_counted_since_and_takes_a_new_series_from_zero()
    {
        var earlier = ClusterCounters
            .Zero.WithHubble("n1", PrometheusSamples.Parse(Scrape))
            .WithBackend(s_pod, PrometheusSamples.Parse("echo_requests 10"));
        var later = ClusterCounters
            .Zero.WithHubble(
                "n1",
                PrometheusSamples.Parse(Scrape.Replace("\"503\"} 3", "\"503\"} 8", StringComparison.Ordinal))
            )
            .WithBackend(s_pod, PrometheusSamples.Parse("echo_requests 25"))
            .WithBackend(s_pod with { Name = "b" }, PrometheusSamples.Parse("echo_requests 4"));
        var since = later.Since(earlier);
        since.ResponsesOf("backend/a", s => s == 503).ShouldBe(5);
        since.RequestsTo("backend/a").ShouldBe(0);
        since.Echo["backend/a"].ShouldBe(15);
        since.Echo["backend/b"].ShouldBe(4);
    }
}
