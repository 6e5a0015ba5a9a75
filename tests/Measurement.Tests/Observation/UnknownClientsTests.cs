using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Tests.Observation;

/// <summary>Clients whose node is unknown: a Pod that has been deleted, a workload, an address, or no name.</summary>
public sealed class UnknownClientsTests
{
    private const int Rounds = 40;

    public static TheoryData<string, string> Names =>
        new()
        {
            { "a/gone", "the source names no pod that exists and can be read ('a/gone')" },
            { "a/workload", "the source names no pod that exists and can be read ('a/workload')" },
            { "10.0.7.7", "the source names no pod that exists and can be read ('10.0.7.7')" },
            { "reserved:remote-node", "the source names no pod that exists and can be read ('reserved:remote-node')" },
            { "", "the metrics do not name the source; set sourceContext=pod" },
        };

    [Theory]
    [MemberData(nameof(Names))]
    public void Where_shares_depend_on_the_clients_node_an_unknown_one_leaves_the_verdict_undecided(
        string name,
        string reason
    )
    {
        foreach (var service in (ObservedService[])[Local, Hinted])
        {
            var result = Observe(service, (name, [0, 40, 0]), ("a/client", [160, 0, 0]));

            var phase = result.Report.Latest;
            (result.Skewed, result.Decided, result.Failing).ShouldBe((false, false, false));
            (phase.Selection.Kind, phase.Delivery.Successes.Kind).ShouldBe(
                (VerdictKind.Undecided, VerdictKind.Undecided)
            );
            var finding = result.Report.Quality.Where(q => q.Fails).ShouldHaveSingleItem();
            finding.Text.ShouldBe(
                "which share each pod should get is unknown for 20 % of the requests: the Service keeps traffic on "
                    + $"nodes or in zones, and {reason}"
            );
            phase.ClientNodes.ShouldAllBe(n => n.Verdict.Kind == VerdictKind.Undecided);
            phase.ClientNodes.Select(n => n.ClientNode).ShouldContain("(unknown node)");
            DocumentOf.Run(result.Report).Result!.Title.ShouldStartWith("No skew found");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Where_every_client_should_give_the_same_shares_it_decides_as_before(string name, string reason)
    {
        reason.ShouldNotBeEmpty();
        Observe(Plain, (name, [60, 60, 60])).Decided.ShouldBeTrue();
        var skewed = Observe(Plain, (name, [160, 10, 10]));
        (skewed.Skewed, skewed.Report.Quality.Any(q => q.Fails)).ShouldBe((true, false));
    }

    [Fact]
    public void A_small_part_of_unknown_clients_is_noted_and_is_no_evidence()
    {
        var result = Observe(Local, ("a/gone", [0, 1, 0]), ("a/client", [199, 0, 0]));

        result.Skewed.ShouldBeFalse();
        result.Report.Quality.ShouldContain(q =>
            !q.Fails && q.Text.Contains("unknown for 0.5 % of the requests", StringComparison.Ordinal)
        );
        Observe(Local, ("a/gone", [0, 1, 0]), ("a/client", [19, 180, 0])).Skewed.ShouldBeTrue();
    }

    [Fact]
    public void No_part_of_unknown_clients_makes_a_skew_of_traffic_that_is_as_it_should_be()
    {
        var random = new Random(7);
        for (var n = 0; n < 60; n++)
        {
            var service = random.Next(2) == 0 ? Local : Hinted;
            var unknown = Enumerable.Range(0, 3).Select(_ => random.Next(3) == 0 ? 0.0 : random.Next(1, 200)).ToArray();
            var result = Observe(service, ("a/gone", unknown), ("a/client", [random.Next(1, 200), 0, 0]));
            result.Skewed.ShouldBeFalse($"{n}: {string.Join(", ", unknown)}");
            result.Report.Latest.ClientNodes.ShouldAllBe(c => c.Verdict.Kind != VerdictKind.Skewed);
        }
    }

    [Fact]
    public void Only_the_world_is_outside_and_what_has_a_namespace_is_inside()
    {
        foreach (var service in (ObservedService[])[Local, Plain])
        {
            service.NodeOf("reserved:world").ShouldBe("");
            service.NodeOf("reserved:world-ipv6").ShouldBe("");
            service.NodeOf("a/gone").ShouldBeNull();
        }
        (Local.NodeOf("203.0.113.9"), Plain.NodeOf("203.0.113.9")).ShouldBe((null, ""));
        Local.WeightsFrom(null).ShouldBeNull();
        Plain.WeightsFrom(null)!.Value.ShouldBe([1 / 3.0, 1 / 3.0, 1 / 3.0]);
    }

    private static ObservedResult Observe(ObservedService service, params (string Client, double[] PerRound)[] traffic)
    {
        var observer = new ServiceObserver(service);
        for (var round = 0; round < Rounds; round++)
        {
            var scrapes = service.Endpoints.Select((e, pod) => Scrape(e, pod, round)).ToImmutableArray();
            observer.Add(new ScrapeRound(round * 5, scrapes), service);
        }
        return ObservedReport.Of(observer, "a test", DateTimeOffset.UnixEpoch);

        TargetScrape Scrape(ObservedEndpoint endpoint, int pod, int round)
        {
            var target = new ScrapeTarget(TargetKind.Hubble, endpoint.Pod.Node);
            var counters = ImmutableDictionary.CreateBuilder<CounterKey, double>();
            counters[new CounterKey(CounterKind.Lost, target)] = 0;
            foreach (var (client, perRound) in traffic)
            {
                var key = new CounterKey(
                    CounterKind.Requests,
                    target,
                    client,
                    endpoint.Pod.HubbleName,
                    Reporter: "server"
                );
                counters[key] = perRound[pod] * round;
                counters[key with { Kind = CounterKind.Responses, Status = 200 }] = perRound[pod] * round;
            }
            return new TargetScrape(target, counters.ToImmutable());
        }
    }

    private static ObservedService Plain { get; } = ServiceTrafficTests.Service(egress: false, ingress: true);

    private static ObservedService Local { get; } = Plain with { Facts = Plain.Facts with { InternalLocal = true } };

    private static ObservedService Hinted { get; } =
        Plain with
        {
            NodeZones = ImmutableDictionary.CreateRange(
                Plain.Endpoints.Select(e => KeyValuePair.Create(e.Pod.Node, $"zone-{e.Pod.Node}"))
            ),
            Endpoints =
            [
                .. Plain.Endpoints.Select(e =>
                    e with
                    {
                        Facts = e.Facts with { HintedZones = [$"zone-{e.Pod.Node}"] },
                    }
                ),
            ],
        };
}
