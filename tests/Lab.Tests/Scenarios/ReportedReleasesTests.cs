using CiliumDebugging.Lab.Releases;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Lab.Tests.Scenarios;

/// <summary>The releases that the catalogue's scenarios name, beside the rows that say why.</summary>
public class ReportedReleasesTests
{
    private static readonly CiliumVersion s_compared = ReleaseChanges.Compared;

    /// <summary>Those whose releases a row of the table gives: in words, and for which of them a source reports or
    /// confirms what the scenario shows.</summary>
    private static readonly Dictionary<string, (string Words, Func<CiliumVersion, bool> Reported)> s_byTable = new(
        StringComparer.Ordinal
    )
    {
        ["ingress-only"] = (Patches(ReleaseChanges.TwoSidedL7Fails), ReleaseChanges.TwoSidedL7Fails.In),
        ["two-sided-l7"] = (Patches(ReleaseChanges.TwoSidedL7Fails), r =>
            ReleaseChanges.TwoSidedL7Fails.In(r) || IsFixReported(r)
        ),
        ["fixed-1-10"] = ($"1.10.0–{Before(ReleaseChanges.NoOriginalSourceWithTunnel.Until!.Value)}", IsFixReported),
        ["stale-conntrack"] = (
            $"{Minor(CiliumVersion.OriginalReport)}–{Before(ReleaseChanges.ReopenSelects.Since)}",
            r => !ReleaseChanges.ReopenSelects.In(r)
        ),
        ["silent-close"] = ($"{Minor(ReleaseChanges.ReopenSelects.Since)} and later", r =>
            ReleaseChanges.ReopenSelects.In(r) && r <= s_compared
        ),
        ["native-routing"] = ($"{s_compared}", r => r == s_compared),
        ["topology-zones"] = (Minor(s_compared), r => r.Minor == s_compared.Minor),
    };

    /// <summary>The fix of two-sided-l7 is reported for 1.10.0, and inferred for 1.9.9.</summary>
    private static bool IsFixReported(CiliumVersion release) =>
        ReleaseChanges.NoOriginalSourceWithTunnel.In(release) && release.Minor > 9;

    [Fact]
    public void They_are_those_of_the_table_of_releases()
    {
        foreach (var (name, (words, reported)) in s_byTable)
        {
            var scenario = ScenarioCatalog.Load(name);
            scenario.Synopsis.Releases.ShouldBe(words, name);
            ChartValues
                .Published.Releases.Where(r => scenario.EvidenceFor(r) is ReleaseEvidence.Reported)
                .ShouldBe(ChartValues.Published.Releases.Where(reported), name);
        }
    }

    /// <summary>Whose releases the table does not give are of every release.</summary>
    [Fact]
    public void The_other_scenarios_name_no_release()
    {
        foreach (var name in ScenarioCatalog.Names.Except(s_byTable.Keys))
        {
            var scenario = ScenarioCatalog.Load(name);
            scenario.Synopsis.Releases.ShouldBeOneOf("all", "none");
            scenario.Reported.ShouldAllBe(r => r == ReleaseRange.All, name);
        }
    }

    private static string Patches(ReleaseChange row) =>
        $"{row.Since}–{row.Until!.Value with { Patch = row.Until.Value.Patch - 1 }}";

    private static string Before(CiliumVersion release) => Minor(release with { Minor = release.Minor - 1 });

    private static string Minor(CiliumVersion release) => $"{release.Major}.{release.Minor}";
}
