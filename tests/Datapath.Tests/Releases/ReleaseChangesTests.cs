using CiliumDebugging.Releases;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Releases;

public sealed class ReleaseChangesTests
{
    private const string Begin = "<!-- table of src/Releases/ReleaseChanges.cs -->";

    [Fact]
    public void The_table_is_complete_and_its_rows_hold_in_their_releases_alone()
    {
        var rows = typeof(ReleaseChanges)
            .GetProperties()
            .Where(p => p.PropertyType == typeof(ReleaseChange))
            .Select(p => (ReleaseChange)p.GetValue(null)!)
            .ToList();
        ReleaseChanges.All.ShouldBe(rows, ignoreOrder: true);
        ReleaseChanges.All.Select(r => r.What).ShouldBeUnique();
        foreach (var row in rows)
        {
            row.What.ShouldNotBeEmpty();
            row.In(row.Since).ShouldBeTrue();
            row.In(new CiliumVersion(1, 8, 99)).ShouldBeFalse();
            row.In((CiliumVersion?)null).ShouldBeNull();
            row.In(new CiliumVersion(1, 99, 0)).ShouldBe(row.Until is null);
            if (row.Until is { } end)
            {
                end.ShouldBeGreaterThan(row.Since);
                row.In(end).ShouldBeFalse();
                row.In(end with { Minor = end.Minor - 1, Patch = 999 }).ShouldBe(row.Since.Minor < end.Minor);
            }
        }
    }

    /// <summary>The rows without a source are known, and say that they are unverified.</summary>
    [Fact]
    public void Rows_without_a_commit_say_that_they_are_unverified() =>
        ReleaseChanges
            .All.Where(r => r.SourceOrUnverified == "unverified")
            .ShouldBe(
                [
                    ReleaseChanges.OriginalSourceNeedsSocketMatch,
                    ReleaseChanges.LoneSynLivesAMinute,
                    ReleaseChanges.AdaptiveGc,
                    ReleaseChanges.ProxyConnectsFor2Seconds,
                    ReleaseChanges.DefaultDenyNeedsRules,
                ],
                ignoreOrder: true
            );

    [Fact]
    public void The_documentation_has_the_table()
    {
        var path = Path.Combine(Repository.Root, "docs", "releases.md");
        var text = File.ReadAllText(path);
        var before = text[..(text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length)];
        var expected = $"{before}\n{Table()}";
        if (text == expected)
            return;
        var made = Path.Combine(AppContext.BaseDirectory, "releases.md");
        File.WriteAllText(made, expected);
        Assert.Fail($"docs/releases.md does not have the rows of ReleaseChanges: {made} has them, copy it");
    }

    private static string Table() =>
        string.Concat(
            ReleaseChanges
                .All.Select(r =>
                    $"| {r.Since} | {r.Until?.ToString() ?? ""} | {r.What} | {r.Evidence.ToString().ToLowerInvariant()} "
                    + $"| {r.SourceOrUnverified} |\n"
                )
                .Prepend("| from | until | what | known | source |\n|---|---|---|---|---|\n")
        );
}
