using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Measurement.Tests.Diagnosis;

public sealed class ConfusionMatrixTests(ITestOutputHelper output)
{
    private const int Seeds = 25;

    [Fact]
    public void No_run_gets_a_false_name_and_the_known_mechanisms_get_theirs()
    {
        var runs = SyntheticRuns
            .All(Seeds)
            .Select(run => (Run: run, Diagnostician.Diagnose(run.Evidence).Name))
            .ToList();
        runs.Count.ShouldBeGreaterThanOrEqualTo(200);

        foreach (var row in runs.GroupBy(r => r.Run.Truth))
        {
            var names = row.CountBy(r => r.Name).OrderByDescending(n => n.Value).Select(n => $"{n.Key} {n.Value}");
            output.WriteLine($"{row.Key, -58} {string.Join(", ", names)}");
        }

        runs.Where(r => r.Name != "unknown" && !r.Run.Names.Contains(r.Name))
            .Select(r => $"{r.Run.Truth} was called {r.Name}")
            .ShouldBeEmpty();
        // Not naming anything would never be false: what a rule is there for must mostly be named.
        foreach (
            var row in runs.Where(r => r.Run.Names is [var name, ..] && r.Run.Truth.Split(',')[0] == name)
                .GroupBy(r => r.Run.Truth)
        )
            row.Count(r => r.Name == r.Run.Names[0]).ShouldBeGreaterThanOrEqualTo(Seeds * 3 / 5, row.Key);
    }

    [Fact]
    public void Renaming_every_object_changes_no_diagnosis()
    {
        foreach (var run in SyntheticRuns.All(1))
        {
            var before = Diagnostician.Diagnose(run.Evidence);
            Diagnostician.Diagnose(Renamed.All(run.Evidence)).Name.ShouldBe(before.Name, run.Truth);
        }
    }

    [Fact]
    public void A_named_mechanism_comes_with_a_hop_evidence_refutation_remedies_and_links()
    {
        foreach (
            var diagnosis in SyntheticRuns
                .All(5)
                .Select(r => Diagnostician.Diagnose(r.Evidence))
                .Where(d => d.IsMechanism)
                .DistinctBy(d => d.Name)
        )
        {
            diagnosis.Hop.ShouldNotBeEmpty(diagnosis.Name);
            diagnosis.Supports.Length.ShouldBeGreaterThanOrEqualTo(2, diagnosis.Name);
            diagnosis.Refutes.ShouldNotBeEmpty(diagnosis.Name);
            diagnosis.Remedies.ShouldNotBeEmpty(diagnosis.Name);
            diagnosis.Links.ShouldAllBe(l => Uri.IsWellFormedUriString(l, UriKind.Absolute));
        }
    }
}
