using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Measurement.Tests.Runs;

public sealed class MachineGateTests
{
    private static string? Describe(
        Func<int, double> lateSeconds,
        Func<int, double> tookSeconds,
        long failures = 0,
        double lasted = 2,
        bool isWholeCluster = true
    )
    {
        var gate = new MachineGate
        {
            IsWholeCluster = isWholeCluster,
            Planned = TimeSpan.FromSeconds(2),
            Lasted = TimeSpan.FromSeconds(lasted),
        };
        for (var i = 0; i < 1000; i++)
            gate.Add(TimeSpan.FromSeconds(lateSeconds(i)), TimeSpan.FromSeconds(tookSeconds(i)), ok: true);
        return gate.Describe("baseline", failures);
    }

    [Fact]
    public void A_machine_that_keeps_up_is_not_mentioned_also_with_failures_and_single_slow_answers()
    {
        Describe(_ => 0.001, _ => 0.01, failures: 300).ShouldBeNull();
        Describe(i => i < 50 ? 3 : 0, i => i < 5 ? 5 : 0.02, failures: 300, lasted: 11.9).ShouldBeNull();
    }

    [Fact]
    public void A_generator_that_is_late_is_named_with_its_delay_on_any_cluster() =>
        Describe(i => i < 150 ? 2.5 : 0, _ => 0.01, isWholeCluster: false)
            .ShouldBe("this machine cannot keep up (a tenth of the requests was sent 2.5 s late or more)");

    [Theory]
    [InlineData(10, null)]
    [InlineData(
        300,
        "this machine cannot keep up (the load generator had no free port, file (ulimit -n) or memory for 300 requests)"
    )]
    public void Requests_that_the_client_itself_could_not_send_are_the_machines(int count, string? words)
    {
        var gate = new MachineGate();
        for (var i = 0; i < 1000; i++)
            gate.Add(TimeSpan.Zero, TimeSpan.FromSeconds(0.01), ok: true);
        for (var i = 0; i < count; i++)
            gate.AddOwnFailure();
        gate.Describe("baseline", count).ShouldBe(words);
    }

    [Fact]
    public void A_phase_that_is_stretched_is_named_with_both_lengths() =>
        Describe(_ => 0, _ => 0.01, lasted: 46)
            .ShouldBe("this machine cannot keep up (phase baseline lasted 46.0 s instead of 2 s)");

    [Fact]
    public void Answers_that_wait_in_the_lab_are_named_with_their_median() =>
        Describe(_ => 0, i => i / 25.0).ShouldBe("this machine cannot keep up (answers took 20.0 s in the median)");

    [Fact]
    public void Failures_beside_answers_that_take_as_long_as_a_proxys_patience_are_not_the_clusters()
    {
        Describe(_ => 0, i => i < 20 ? 0.9 : 0.01).ShouldBeNull();
        Describe(_ => 0, i => i < 20 ? 0.9 : 0.01, failures: 30)
            .ShouldBe(
                "this machine cannot keep up (beside 30 failures 20 answers took 0.75 s or more, nearly as long as a proxy "
                    + "waits for a connection)"
            );
    }

    [Fact]
    public void Where_every_request_fails_no_slow_answer_explains_it()
    {
        var gate = new MachineGate { IsWholeCluster = true };
        for (var i = 0; i < 376; i++)
            gate.Add(TimeSpan.Zero, TimeSpan.FromSeconds(3), ok: false);
        gate.Describe("observe", failures: 376).ShouldBeNull();
    }

    [Fact]
    public void Failures_that_are_far_more_frequent_than_slow_answers_have_another_cause() =>
        Describe(_ => 0, i => i < 20 ? 0.9 : 0.01, failures: 2000).ShouldBeNull();

    [Fact]
    public void On_a_cluster_of_other_machines_slow_answers_are_a_finding_and_not_a_gate() =>
        Describe(_ => 0, _ => 20, failures: 100, lasted: 60, isWholeCluster: false).ShouldBeNull();
}
