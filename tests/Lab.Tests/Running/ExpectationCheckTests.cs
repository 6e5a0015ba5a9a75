using System.Collections.Immutable;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>An expectation of requests needs some.</summary>
public sealed class ExpectationCheckTests
{
    private static readonly PhaseReport s_even = SampleRun.Phase("a", 0, skewed: false, perPod: 20),
        s_skewed = SampleRun.Phase("after a change", 0, skewed: true, perPod: 20);

    private static ExpectationResult Check(PhaseExpectation expected, params ImmutableArray<PhaseReport> parts) =>
        new ExpectationCheck(
            parts[0],
            parts,
            (0, 0),
            null,
            ScenarioCatalog.Load("two-sided-l7").Load,
            ServiceReader.Unknown
        )
            .Check(expected)
            .ShouldHaveSingleItem();

    [Fact]
    public void The_status_of_failures_needs_a_failure_and_looks_at_the_whole_of_the_phase()
    {
        var expected = new PhaseExpectation("a") { FailureStatus = 503 };

        var none = Check(expected, s_even);
        (none.Holds, none.Observed).ShouldBe((false, "0 of 0 failures are something else"));
        Check(expected, s_even, s_skewed).Holds.ShouldBeTrue();
        var others = s_skewed with { ByStatus = ImmutableSortedDictionary<int, long>.Empty.Add(200, 20).Add(403, 40) };
        var mixed = Check(expected, s_even, others);
        (mixed.Holds, mixed.Observed).ShouldBe((false, "40 of 40 failures are something else"));
    }

    [Fact]
    public void The_source_of_successes_needs_a_success()
    {
        var expected = new PhaseExpectation("a") { SuccessesFrom = SuccessSource.ClientNode };
        var failing = s_skewed with
        {
            ByStatus = ImmutableSortedDictionary<int, long>.Empty.Add(503, 60),
            Pods = [.. s_skewed.Pods.Select(p => p with { Ok = 0 })],
        };

        Check(expected, failing).Holds.ShouldBeFalse();
        Check(expected, s_skewed).Holds.ShouldBeTrue();
    }

    [Fact]
    public void The_share_of_a_new_pod_needs_one()
    {
        var result = Check(new PhaseExpectation("a") { NewPodShare = ExpectedNewPodShare.StaleConntrack }, s_even);

        (result.Holds, result.Observed).ShouldBe((false, "no pod was replaced before this phase"));
    }

    /// <summary>Of 600 requests on 4 connections each has 150.</summary>
    [Theory]
    [InlineData(true, 300, 150, 150)]
    [InlineData(true, 601, 0, 0)]
    [InlineData(true, 302, 149, 151)]
    [InlineData(false, 200, 200, 200)]
    [InlineData(false, 320, 140, 140)]
    [InlineData(false, 8, 4, 4)] // too few to tell
    public void Shares_of_connections_are_multiples_of_one_connections(bool holds, params int[] answers)
    {
        var phase = s_even with
        {
            Requests = answers.Sum(),
            Pods = [.. s_even.Pods.Zip(answers, (pod, ok) => pod with { Ok = ok })],
        };
        new ExpectationCheck(
            phase,
            [phase],
            (0, 0),
            null,
            ScenarioCatalog.Load("http2-pinning").Load,
            ServiceReader.Unknown
        )
            .Check(new PhaseExpectation("a") { RequestShare = ExpectedRequestShare.Connections })
            .ShouldHaveSingleItem()
            .Holds.ShouldBe(holds);
    }

    [Fact]
    public void That_no_request_fails_needs_a_request()
    {
        var none = s_even with { Requests = 0, ByStatus = ImmutableSortedDictionary<int, long>.Empty };

        Check(new PhaseExpectation("a") { Failures = false }, none).Holds.ShouldBeFalse();
        Check(new PhaseExpectation("a") { Delivery = ExpectedDelivery.NotSkewed }, none).Holds.ShouldBeFalse();
    }
}
