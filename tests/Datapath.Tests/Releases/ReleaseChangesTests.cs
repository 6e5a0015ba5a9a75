using System.Text.RegularExpressions;
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
                [ReleaseChanges.ProxyConnectsFor2Seconds, ReleaseChanges.DefaultDenyNeedsRules],
                ignoreOrder: true
            );

    /// <summary>A row that no code reads says what the lab does not do.</summary>
    [Fact]
    public void Each_row_is_read_by_code()
    {
        var source = Directory
            .EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => Path.GetFileName(f) != "ReleaseChanges.cs")
            .SelectMany(File.ReadLines)
            .Where(l => !l.TrimStart().StartsWith("//", StringComparison.Ordinal))
            .ToList();
        typeof(ReleaseChanges)
            .GetProperties()
            .Where(p => p.PropertyType == typeof(ReleaseChange))
            .Select(p => p.Name)
            .Where(n => !source.Any(l => Regex.IsMatch(l, $@"\bReleaseChanges\.{n}\b")))
            .ShouldBeEmpty();
    }

    [Fact]
    public void A_patch_release_of_an_earlier_minor_release_may_have_a_row()
    {
        var row = ReleaseChanges.OriginalSourceWithIpsec;
        CiliumVersion[] without = [new(1, 12, 20), new(1, 13, 12), new(1, 14, 7), new(1, 16, 0)];
        CiliumVersion[] with = [new(1, 13, 13), new(1, 13, 99), new(1, 14, 8), new(1, 15, 0), new(1, 15, 99)];
        without.ShouldAllBe(r => !row.In(r));
        with.ShouldAllBe(r => row.In(r));
    }

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
                    $"| {string.Join(", ", r.Backports.Append(r.Since))} | {r.Until?.ToString() ?? ""} | {r.What} | {r.Evidence.ToString().ToLowerInvariant()} "
                    + $"| {r.SourceOrUnverified} |\n"
                )
                .Prepend("| from | until | what | known | source |\n|---|---|---|---|---|\n")
        );
}
