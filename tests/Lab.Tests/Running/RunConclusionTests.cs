using System.Collections.Immutable;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>Which phase's diagnosis is that of the run.</summary>
public sealed class RunConclusionTests
{
    private static readonly PhaseReport s_denied = Phase("denied", skewed: true, "l7-denial"),
        s_allowed = Phase("allowed", skewed: false, DiagnosisResult.UndecidedName);

    private static PhaseReport Phase(string name, bool skewed, string diagnosis) =>
        SampleRun.Phase(name, 0, skewed, perPod: 20) with
        {
            Diagnosis = new DiagnosisResult { Name = diagnosis, Sentence = $"It is {diagnosis}." },
        };

    private static DiagnosisResult Of(params ImmutableArray<PhaseReport> phases) => RunConclusion.Diagnosis(phases);

    [Fact]
    public void Where_the_last_phase_finds_nothing_wrong_it_is_that_of_the_phase_in_which_most_requests_failed()
    {
        var edge = s_allowed with
        {
            IsEvaluated = false,
            ByStatus = s_allowed.ByStatus.SetItem(200, 18),
            Requests = 20,
            Diagnosis = new DiagnosisResult { Name = "failures-during-change", Sentence = "2 of 20." },
        };

        var diagnosis = Of(s_denied, edge, s_allowed);

        (diagnosis.Name, diagnosis.Sentence).ShouldBe(("l7-denial", "Phase denied: It is l7-denial."));
        Of(s_allowed, edge, s_allowed).Name.ShouldBe("failures-during-change");
        Of(s_allowed, s_denied).Sentence.ShouldBe("It is l7-denial.");
    }

    [Fact]
    public void A_change_that_lost_what_the_phase_before_it_lost_names_nothing()
    {
        var change = s_denied with
        {
            IsEvaluated = false,
            Requests = 600,
            Diagnosis = new DiagnosisResult { Name = "unknown", Sentence = "As before." },
        };

        Of(s_denied, change, s_allowed).Name.ShouldBe("l7-denial");
    }

    [Fact]
    public void What_a_machine_that_cannot_keep_up_shows_is_not_concluded() =>
        Of(s_denied with { MachineGate = "this machine cannot keep up" }, s_allowed).Name.ShouldBe("undecided");
}
