using CiliumDebugging.Lab.Releases;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Lab.Tests.Scenarios;

/// <summary>The releases that the catalogue's scenarios say are reported, beside the rows that say why.</summary>
public class ReportedReleasesTests
{
    /// <summary>The fix of two-sided-l7 is reported for 1.10.0, and inferred for 1.9.9.</summary>
    private static bool IsFixReported(CiliumVersion release) =>
        ReleaseChanges.NoOriginalSourceWithTunnel.In(release) && release.Minor > 9;

    [Fact]
    public void They_are_those_of_the_table_of_releases()
    {
        (string Scenario, Func<CiliumVersion, bool> Reported)[] expected =
        [
            ("ingress-only", ReleaseChanges.TwoSidedL7Fails.In),
            ("fixed-1-10", IsFixReported),
            ("two-sided-l7", r => ReleaseChanges.TwoSidedL7Fails.In(r) || IsFixReported(r)),
            ("stale-conntrack", r => !ReleaseChanges.ReopenSelectsAfterGrace.In(r)),
        ];
        foreach (var (name, reported) in expected)
        {
            var scenario = ScenarioCatalog.Load(name);
            ChartValues
                .Published.Releases.Where(r => scenario.EvidenceFor(r) is ReleaseEvidence.Reported)
                .ShouldBe(ChartValues.Published.Releases.Where(reported), name);
        }
    }
}
