using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Tests.Diagnosis;

/// <summary>What each rule recognises, and each single observation that makes it not recognise it any more.</summary>
public class RuleTests
{
    [Fact]
    public void The_signature_of_the_seed_is_recognised_and_named_with_hop_and_node()
    {
        var diagnosis = Diagnostician.Diagnose(TwoSided());
        diagnosis.Name.ShouldBe("two-sided-l7");
        diagnosis.Sentence.ShouldContain("Consistent with cilium/cilium#14268, which reports it for Cilium 1.9.0");
        diagnosis.Sentence.ShouldContain("as reported, that proxy then uses the client's own source address");
        diagnosis.Sentence.ShouldEndWith("Why such connections fail is unknown.");
        diagnosis.Supports.ShouldContain("the agents run Cilium 1.9.0");
        diagnosis.Sentence.ShouldContain("node3");
        diagnosis.Sentence.ShouldNotContain("predicted");
        diagnosis.Hop.ShouldContain("egress proxy on node3");
        diagnosis.Links.ShouldContain(l => l.EndsWith("/14268", StringComparison.Ordinal));
        foreach (var cause in (string[])["table", "kernel"])
            (diagnosis.Sentence + string.Join(' ', diagnosis.Supports)).ShouldNotContain(cause);
    }

    [Theory]
    [InlineData("1.9.8", false)]
    [InlineData("1.9.9", true)]
    [InlineData("1.10.0", true)]
    [InlineData("1.16.0", true)]
    [InlineData("1.20.0", true)]
    public void A_release_that_is_not_reported_to_fail_makes_it_a_prediction_with_what_would_confirm_it(
        string version,
        bool predicted
    )
    {
        var sentence = Diagnostician.Diagnose(TwoSided() with { CiliumVersion = version, IsEmulated = true }).Sentence;
        sentence.Contains($"predicted for Cilium {version}, not observed").ShouldBe(predicted);
        sentence.Contains("would confirm it").ShouldBe(predicted);
        var measured = Diagnostician.Diagnose(TwoSided() with { CiliumVersion = version }).Sentence;
        measured.ShouldNotContain("predicted", Case.Sensitive, "a real cluster shows its own behaviour");
        measured.Contains($"not known of Cilium {version}").ShouldBe(predicted);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("1.9.0", true)]
    [InlineData("1.14.9", true)]
    [InlineData("1.15.0", false)]
    [InlineData("1.19.4", false)]
    public void Without_a_local_endpoint_an_upgrade_is_a_remedy_where_the_release_loses_connections(
        string? version,
        bool upgrade
    )
    {
        var lost = SyntheticRuns.All(1).First(r => r.Truth == "no-local-endpoint").Evidence;
        var diagnosis = Diagnostician.Diagnose(lost with { CiliumVersion = version });
        diagnosis.Name.ShouldBe("no-local-endpoint");
        diagnosis
            .Remedies.Any(r => r.StartsWith("upgrade to Cilium 1.15.0", StringComparison.Ordinal))
            .ShouldBe(upgrade);
    }

    [Fact]
    public void Pods_that_were_not_chosen_are_not_evidence()
    {
        var evidence = TwoSided() with
        {
            Phase = Phase([Pod("b1", false, 0), Pod("b2", false, 0), Pod("b3", true, 0)], (503, 300)),
            ProxyFailuresByPod = ImmutableDictionary<string, double>.Empty.Add("backend/b1", 300),
        };

        var diagnosis = Diagnostician.Diagnose(evidence);

        diagnosis.Name.ShouldBe("two-sided-l7");
        diagnosis.Sentence.ShouldContain("nothing succeeds");
        diagnosis.Sentence.ShouldNotContain("all 0 successes");
        diagnosis.Supports.ShouldContain("Hubble counts the 503s on node3 alone, attributed to pod b1 on another node");
    }

    [Theory]
    [InlineData(null, new[] { "upgrade to Cilium 1.9.9", "proxy-use-original-source-address" })]
    [InlineData("1.9.0", new[] { "upgrade to Cilium 1.9.9" })]
    [InlineData("1.9.8", new[] { "upgrade to Cilium 1.9.9" })]
    [InlineData("1.10.0", new string[0])]
    [InlineData("1.11.9", new string[0])]
    [InlineData("1.12.0", new string[0])]
    [InlineData("1.9.9", new string[0])]
    [InlineData("1.20.0", new[] { "proxy-use-original-source-address" })]
    public void Remedies_fit_the_release(string? version, string[] remedies)
    {
        var given = Diagnostician.Diagnose(TwoSided() with { CiliumVersion = version }).Remedies;
        given.Length.ShouldBe(1 + remedies.Length);
        given.ShouldAllBe(r => !r.Contains("before 1.16.0"), "from 1.9.9 on it is even");
        foreach (var remedy in remedies)
            given.ShouldContain(r => r.StartsWith(remedy, StringComparison.Ordinal));
        var conntrack = Remedies.ServiceConntrack(version);
        conntrack
            .Any(r => r.Contains("enable-host-reachable-services"))
            .ShouldBe(version is null or ['1', '.', '9' or '1', ..] && version is not "1.12.0");
        conntrack.Any(r => r.StartsWith("upgrade", StringComparison.Ordinal)).ShouldBe(version != "1.20.0");
    }

    [Fact]
    public void Without_an_egress_rule_it_is_something_else() =>
        new TwoSidedL7Rule().Examine(TwoSided() with { ClientHasEgressL7 = false }).ShouldBeNull();

    [Fact]
    public void Without_an_ingress_rule_it_is_something_else() =>
        new TwoSidedL7Rule().Examine(TwoSided() with { BackendsHaveIngressL7 = false }).ShouldBeNull();

    [Fact]
    public void A_success_from_another_node_refutes_it() =>
        new TwoSidedL7Rule().Examine(TwoSided(remoteOk: 20)).ShouldBeNull();

    [Fact]
    public void Failures_that_are_no_503_refute_it() =>
        new TwoSidedL7Rule().Examine(TwoSided(failureStatus: 502)).ShouldBeNull();

    [Fact]
    public void A_503_in_the_name_of_the_clients_own_node_refutes_it()
    {
        var evidence = TwoSided();
        new TwoSidedL7Rule()
            .Examine(evidence with { ProxyFailuresByPod = evidence.ProxyFailuresByPod.Add("backend/b3", 1) })
            .ShouldBeNull();
    }

    [Fact]
    public void Failures_that_the_clients_proxy_did_not_count_refute_it() =>
        new TwoSidedL7Rule()
            .Examine(TwoSided() with { ProxyFailuresByPod = ImmutableDictionary<string, double>.Empty })
            .ShouldBeNull();

    [Fact]
    public void A_client_without_a_pod_beside_it_is_the_same_mechanism() =>
        Diagnostician
            .Diagnose(
                TwoSided() with
                {
                    ClientNode = "node9",
                    Phase = Phase([Pod("b1", false, 0), Pod("b2", false, 0)], (503, 300)),
                }
            )
            .Sentence.ShouldContain("nothing succeeds");

    [Fact]
    public void An_even_load_is_called_even_only_when_the_verdict_calls_it()
    {
        var called = Diagnostician.Diagnose(Even(4_000));
        (called.Name, called.Sentence).ShouldBe(("even", "Every request succeeds and the 3 pods share them evenly."));
        var undecided = Diagnostician.Diagnose(Even(100));
        undecided.Name.ShouldBe("undecided");
        undecided.Sentence.ShouldMatch(
            @"no skew has been found among the 3 pods so far; a decision needs about \d+ more connections\.$"
        );
    }

    [Fact]
    public void A_failure_or_skew_without_a_known_mechanism_is_unknown()
    {
        var even = Even(4_000);
        var failing = even with
        {
            Phase = even.Phase with { ByStatus = even.Phase.ByStatus.Add(500, 1), Requests = even.Phase.Requests + 1 },
        };
        var unknown = Diagnostician.Diagnose(failing);
        unknown.Name.ShouldBe("unknown");
        unknown.Sentence.ShouldStartWith("1 of 12001 requests failed");
        var skewed = even with
        {
            Phase = Phase([Pod("b1", false, 9_000), Pod("b2", false, 100), Pod("b3", true, 100)], (200, 9_200)),
        };
        Diagnostician.Diagnose(skewed).Name.ShouldBe("unknown");
        new EvenRule().Examine(even with { Phase = Phase([], (200, 0)) }).ShouldBeNull();
    }

    private static Evidence TwoSided(long remoteOk = 0, int failureStatus = 503) =>
        Even(0) with
        {
            Phase = Phase(
                [Pod("b1", false, remoteOk), Pod("b2", false, 0), Pod("b3", true, 100)],
                (200, 100 + remoteOk),
                (failureStatus, 200)
            ),
            ClientHasEgressL7 = true,
            BackendsHaveIngressL7 = true,
            ProxyFailuresByPod = ImmutableDictionary.CreateRange([
                KeyValuePair.Create("backend/b1", 100.0),
                KeyValuePair.Create("backend/b2", 100.0),
            ]),
        };

    private static Evidence Even(long perPod) =>
        new()
        {
            Phase = Phase(
                [Pod("b1", false, perPod), Pod("b2", false, perPod), Pod("b3", true, perPod)],
                (200, 3 * perPod)
            ),
            ClientNode = "node3",
            ClientHasEgressL7 = false,
            BackendsHaveIngressL7 = false,
            CiliumVersion = "1.9.0",
        };

    private static PodPhase Pod(string name, bool onClientNode, long ok) =>
        new()
        {
            Pod = new BackendPod(name, "backend", onClientNode ? "node3" : "node" + name),
            OnClientNode = onClientNode,
            Ok = ok,
            HubbleRequests = ok,
            HubbleOk = ok,
            Echo = ok,
        };

    private static PhaseReport Phase(ImmutableArray<PodPhase> pods, params (int Status, long Count)[] answers)
    {
        var expected = ExpectedShares.Equal([.. pods.Select(p => p.Pod.Name)]);
        var (delivery, selection) = (new DeliveryTest(expected), new SkewTest(expected));
        for (var i = 0; i < pods.Length; i++)
        {
            for (var n = 0; n < pods[i].Ok; n++)
            {
                delivery.Add(i, success: true);
                selection.Add(i);
            }
        }
        return new PhaseReport
        {
            Name = "observe",
            Seconds = 1,
            Requests = answers.Sum(a => a.Count),
            ByStatus = answers.ToImmutableSortedDictionary(a => a.Status, a => a.Count),
            Pods = pods,
            Selection = selection.Verdict(SelectionUnit.FreshSelection),
            SelectionSource = "client",
            Delivery = delivery.Evaluate(),
        };
    }
}
