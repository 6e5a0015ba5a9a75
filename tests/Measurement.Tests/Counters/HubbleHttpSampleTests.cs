using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.Measurement.Tests.Counters;

/// <summary>The labels of Hubble's HTTP metrics, as different configurations write them.</summary>
public sealed class HubbleHttpSampleTests
{
    [Theory]
    [InlineData("", null)]
    [InlineData("200", 200)]
    [InlineData("503", 503)]
    [InlineData("0", 0)]
    [InlineData("2xx", 200)]
    [InlineData("5XX", 500)]
    public void A_request_has_a_status_only_where_it_counts_answers(string label, int? status)
    {
        var sample = Read($"hubble_http_requests_total{{destination=\"a/b\",status=\"{label}\"}} 1");
        (sample.CountsRequests, sample.Status).ShouldBe((true, status));
    }

    [Theory]
    [InlineData("source=\"a/b\"", HubbleHttpSample.UnknownStatus)]
    [InlineData("source=\"a/b\",status=\"\"", HubbleHttpSample.UnknownStatus)]
    [InlineData("source=\"a/b\",status=\"0\"", 0)]
    public void A_response_whose_series_has_no_status_is_not_one_without_a_status_of_HTTP(string labels, int status) =>
        Read($"hubble_http_responses_total{{{labels}}} 1").Status.ShouldBe(status);

    [Theory]
    [InlineData("OK")]
    [InlineData("20")]
    [InlineData("2000")]
    [InlineData("-20")]
    [InlineData("6xx")]
    [InlineData("２００")]
    public void A_status_that_is_not_one_of_HTTP_is_refused_and_quoted(string label) =>
        Should
            .Throw<FormatException>(() => Read($"hubble_http_responses_total{{source=\"a/b\",status=\"{label}\"}} 1"))
            .Message.ShouldBe($"hubble_http_responses_total has status '{label}', which is not an HTTP status");

    [Fact]
    public void A_response_goes_from_the_server_to_the_client()
    {
        var sample = Read("hubble_http_responses_total{source=\"a/server\",destination=\"a/client\",status=\"200\"} 1");
        (sample.Client.Name, sample.Server.Name, sample.CountsRequests).ShouldBe(("a/client", "a/server", false));
        var other = Read(
            "hubble_http_responses_total{source_pod=\"server\",source_namespace=\"a\",destination_pod=\"client\","
                + "destination_namespace=\"c\",status=\"200\"} 1"
        );
        (other.Client.Name, other.Server.Name).ShouldBe(("c/client", "a/server"));
    }

    [Theory]
    [InlineData("destination=\"a/b\"", "a/b", "")]
    [InlineData("destination_pod=\"b\",destination_namespace=\"a\",destination_workload=\"w\"", "a/b", "")]
    [InlineData("destination=\"a/w\",destination_pod=\"b\",destination_namespace=\"a\"", "a/b", "")]
    [InlineData("destination=\"a/w\",destination_ip=\"10.0.0.7\"", "a/w", "10.0.0.7")]
    [InlineData("destination_pod=\"b\"", "b", "")]
    [InlineData("destination_workload=\"w\",destination_namespace=\"a\"", "w", "")]
    [InlineData("destination_ip=\"10.0.0.7\"", "", "10.0.0.7")]
    [InlineData("method=\"GET\"", "", "")]
    public void The_pod_is_in_the_labels_that_the_context_has(string labels, string name, string address) =>
        Read($"hubble_http_requests_total{{{labels}}} 1").Server.ShouldBe(new HubblePeer(name, address));

    [Theory]
    [InlineData("reporter=\"client\"", "client")]
    [InlineData("reporter=\"server\",traffic_direction=\"egress\"", "server")]
    [InlineData("reporter=\"unknown\",traffic_direction=\"egress\"", "client")]
    [InlineData("traffic_direction=\"ingress\"", "server")]
    [InlineData("reporter=\"unknown\"", "")]
    public void The_side_that_counted_is_its_reporter_or_follows_from_the_direction(string labels, string reporter) =>
        Read($"hubble_http_requests_total{{{labels}}} 1").Reporter.ShouldBe(reporter);

    private static HubbleHttpSample Read(string line)
    {
        var sample = PrometheusSamples.Parse(line).Single();
        return HubbleHttpSample.Of(sample.Name, label => sample[label])!.Value;
    }
}
