using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Measurement.Tests.Diagnosis;

public sealed class ChangeDiagnosisTests
{
    private static readonly ChangeFacts s_lost = new()
    {
        Requests = 40,
        Failures = 30,
        Service = "backend/backend-1",
        Events = ["Deployment backend-1 was scaled"],
    };

    [Fact]
    public void What_fails_only_in_a_change_is_a_failure_of_the_change()
    {
        var before = SampleRun.Phase("baseline", 0, skewed: false);

        ChangeDiagnosis.Of(s_lost).Name.ShouldBe(ChangeDiagnosis.FailuresDuringChange);
        ChangeDiagnosis.Of(s_lost with { Before = before }).Name.ShouldBe(ChangeDiagnosis.FailuresDuringChange);
    }

    [Fact]
    public void What_failed_before_a_change_did_not_begin_with_it()
    {
        var before = SampleRun.Phase("observe", 0, skewed: true, perPod: 10);

        var diagnosis = ChangeDiagnosis.Of(s_lost with { Before = before });

        diagnosis.Name.ShouldBe("unknown");
        diagnosis.Sentence.ShouldBe(
            "30 of 40 requests failed within 0.0 s while the cluster was changing, and 20 of 30 before: "
                + "the failures did not begin with the change."
        );
    }
}
