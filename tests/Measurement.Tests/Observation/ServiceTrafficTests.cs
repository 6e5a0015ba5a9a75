using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Measurement.Tests.Observation;

/// <summary>Every request counts once, however many proxies counted it.</summary>
public class ServiceTrafficTests
{
    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Requests_are_counted_once_whichever_sides_have_rules(bool egress, bool ingress)
    {
        var counts = new Dictionary<CounterKey, double>();
        for (var pod = 1; pod <= 3; pod++)
        {
            // The client is on n1. A proxy on its node counts with egress rules, one on the pod's node with ingress
            // rules.
            if (egress)
                Pass(counts, "n1", pod, 10 * pod);
            if (ingress)
                Pass(counts, $"n{pod}", pod, 10 * pod);
        }
        var client = ServiceTraffic.Of(counts, Service(egress, ingress)).Clients.ShouldHaveSingleItem();
        client.Node.ShouldBe("n1");
        client.Chosen.ShouldBe([10, 20, 30]);
        client.Ok.ShouldBe([10, 20, 30]);
        client.ProxyErrors.ShouldBe([0, 0, 0]);
        client.WithoutAnswer.ShouldBe(0);
    }

    [Fact]
    public void Errors_that_the_clients_proxy_made_are_told_from_the_pods_own()
    {
        var counts = new Dictionary<CounterKey, double>();
        Pass(counts, "n1", 2, 20, status: 503);
        Pass(counts, "n2", 2, 5, status: 503);
        var client = ServiceTraffic.Of(counts, Service(true, true)).Clients.ShouldHaveSingleItem();
        (client.Chosen[1], client.Failed[1], client.ProxyErrors[1]).ShouldBe((20, 5, 15));
    }

    [Fact]
    public void An_answer_without_an_HTTP_status_is_a_failure_and_no_second_request()
    {
        var counts = new Dictionary<CounterKey, double>();
        Pass(counts, "n1", 1, 2100, reporter: "server");
        Pass(counts, "n1", 1, 210, status: 0, reporter: "server");
        var client = ServiceTraffic.Of(counts, Service(false, true)).Clients.ShouldHaveSingleItem();
        (client.Chosen[0], client.Ok[0], client.Failed[0]).ShouldBe((2310, 2100, 210));
        client.WithoutAnswer.ShouldBe(0);
    }

    [Theory]
    [InlineData("server")]
    [InlineData("client")]
    public void An_answer_whose_status_is_unknown_is_neither_a_failure_nor_a_success(string reporter)
    {
        var counts = new Dictionary<CounterKey, double>();
        Pass(counts, "n1", 1, 30, reporter: reporter);
        Pass(counts, "n2", 2, 40, status: HubbleHttpSample.UnknownStatus, reporter: reporter);
        var traffic = ServiceTraffic.Of(counts, Service(reporter == "client", reporter == "server"));
        var client = traffic.AllClients(3);
        (client.Chosen[1], client.Ok[1], client.Failed[1], client.ProxyErrors[1]).ShouldBe((40, 0, 0, 0));
        traffic.EndsUnknown.ShouldBeTrue();
    }

    [Fact]
    public void A_metric_that_names_its_reporter_is_believed()
    {
        var counts = new Dictionary<CounterKey, double>();
        Pass(counts, "n1", 1, 8, reporter: "client");
        Pass(counts, "n1", 1, 8, reporter: "server");
        ServiceTraffic.Of(counts, Service(true, true)).Clients.ShouldHaveSingleItem().Chosen.ShouldBe([8, 0, 0]);
    }

    [Fact]
    public void Other_services_pods_and_unknown_clients_do_not_mix_in()
    {
        var counts = new Dictionary<CounterKey, double>
        {
            [new CounterKey(CounterKind.Requests, Hubble("n1"), "a/client", "other/pod")] = 99,
            [new CounterKey(CounterKind.Requests, Hubble("n2"), "reserved:world", "backend/b2")] = 7,
            [
                new CounterKey(
                    CounterKind.Reached,
                    new ScrapeTarget(TargetKind.Backend, "backend/b2"),
                    Pod: "backend/b2"
                )
            ] = 7,
        };
        var traffic = ServiceTraffic.Of(counts, Service(false, true));
        var outside = traffic.Clients.ShouldHaveSingleItem();
        (outside.Node, outside.Chosen[1]).ShouldBe(("", 7));
        traffic.Reached.ShouldBe([0, 7, 0]);
    }

    [Fact]
    public void Expected_shares_follow_readiness_locality_and_hints()
    {
        var service = Service(false, true);
        service.WeightsFrom("n1")!.Value.ShouldBe([1 / 3.0, 1 / 3.0, 1 / 3.0]);
        var local = service with { Facts = service.Facts with { InternalLocal = true } };
        local.WeightsFrom("n2")!.Value.ShouldBe([0, 1, 0]);
        local.WeightsFrom("elsewhere")!.Value.ShouldBe([0, 0, 0]);
        var unready = service with
        {
            Endpoints = service.Endpoints.SetItem(
                0,
                service.Endpoints[0] with
                {
                    Facts = service.Endpoints[0].Facts with { Ready = false },
                }
            ),
        };
        unready.WeightsFrom("n1")!.Value.ShouldBe([0, 0.5, 0.5]);
        var zones = service with
        {
            NodeZones = ImmutableDictionary.CreateRange([
                KeyValuePair.Create("n1", "za"),
                KeyValuePair.Create("n2", "zb"),
                KeyValuePair.Create("n3", "zb"),
            ]),
            Endpoints =
            [
                .. service.Endpoints.Select(
                    (e, i) => e with { Facts = e.Facts with { HintedZones = [i == 0 ? "za" : "zb"] } }
                ),
            ],
        };
        zones.WeightsFrom("n1")!.Value.ShouldBe([1, 0, 0]);
        zones.WeightsFrom("n3")!.Value.ShouldBe([0, 0.5, 0.5]);
        // One Pod without hints, and none of them counts.
        (zones with { Endpoints = zones.Endpoints.SetItem(1, service.Endpoints[1]) })
            .WeightsFrom("n1")!
            .Value.ShouldBe([1 / 3.0, 1 / 3.0, 1 / 3.0]);
    }

    private static ScrapeTarget Hubble(string node) => new(TargetKind.Hubble, node);

    private static void Pass(
        Dictionary<CounterKey, double> counts,
        string node,
        int pod,
        double count,
        int status = 200,
        string reporter = ""
    )
    {
        var key = new CounterKey(CounterKind.Requests, Hubble(node), "a/client", $"backend/b{pod}", Reporter: reporter);
        counts[key] = counts.GetValueOrDefault(key) + count;
        var answered = key with { Kind = CounterKind.Responses, Status = status };
        counts[answered] = counts.GetValueOrDefault(answered) + count;
    }

    internal static ObservedService Service(bool egress, bool ingress) =>
        new(
            "backend",
            "backend-1",
            [
                .. Enumerable
                    .Range(1, 3)
                    .Select(i => new ObservedEndpoint(
                        new BackendPod($"b{i}", "backend", $"n{i}"),
                        new EndpointFacts(true, null, [], null),
                        false
                    )),
            ],
            ServiceFacts.Unknown,
            ImmutableDictionary.CreateRange([KeyValuePair.Create("a/client", new ClientPath("n1", egress, ingress))]),
            ImmutableDictionary<string, string>.Empty,
            ClusterIdentity.Unknown,
            ImmutableSortedDictionary<string, string>.Empty
        );
}
