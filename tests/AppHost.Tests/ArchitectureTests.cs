using System.Reflection;
using System.Text.RegularExpressions;
using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using CiliumDebugging.Testing;
using Assembly = System.Reflection.Assembly;

namespace CiliumDebugging.AppHost.Tests;

/// <summary>Compares the assemblies with the picture of docs/architecture.md, which says what may use what.</summary>
public sealed partial class ArchitectureTests
{
    /// <summary>Project → the projects that an arrow of the picture leads to.</summary>
    private static readonly ILookup<string, string> s_arrows = Arrow()
        .Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "architecture.md")))
        .ToLookup(m => m.Groups[1].Value, m => m.Groups[2].Value);

    private static readonly List<string> s_projects =
    [
        .. s_arrows.SelectMany(a => a.Append(a.Key)).Distinct().Order(StringComparer.Ordinal),
    ];

    private static readonly Lazy<Architecture> s_architecture = new(() =>
        new ArchLoader().LoadAssemblies([.. s_projects.Select(Assembly.Load)]).Build()
    );

    public static TheoryData<string> Projects => [.. s_projects];

    [Fact]
    public void Every_project_is_in_the_picture()
    {
        var files = Directory.EnumerateFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories);
        var projects = files
            .Where(f =>
                !f.Contains("/tests/", StringComparison.Ordinal) && !f.Contains("/bench/", StringComparison.Ordinal)
            )
            .Select(f => Path.GetFileNameWithoutExtension(f));
        s_projects.ShouldBe(projects.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_uses_only_what_is_below_it_in_the_picture(string project)
    {
        var below = Below(project);
        below.ShouldNotContain(project, "the arrows lead back to where they began");
        var used = Assembly.Load(project).GetReferencedAssemblies().Select(a => a.Name!).Where(s_projects.Contains);
        used.Except(below).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Lab", "EmbeddedCluster")]
    [InlineData("AppHost", "EmbeddedCluster")]
    [InlineData("LoadTest", "Measurement")]
    [InlineData("LoadTest", "Lab")]
    public void The_picture_keeps_what_must_not_be_used_out_of_reach(string project, string other) =>
        Below(project).ShouldNotContain(other);

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_of_a_project_do_not_use_each_other_in_circles(string project)
    {
        var uses = Types(project)
            .SelectMany(t => t.Dependencies, (from, use) => (From: Folder(from), To: Folder(use.Target), use))
            .Where(u => u.From != u.To && IsOf(project, u.use.Target))
            .ToLookup(u => u.From);
        var left = uses.Select(u => u.Key).ToHashSet();
        while (left.RemoveWhere(f => !uses[f].Any(u => left.Contains(u.To))) > 0)
        {
            // A folder that uses none of those left is in no circle.
        }
        var circles = left.SelectMany(f => uses[f].Where(u => left.Contains(u.To)));
        circles
            .Select(u => $"{u.From} uses {u.To}: {u.use.Origin.Name} uses {u.use.Target.Name}")
            .Distinct()
            .ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_namespace_begins_with_that_of_its_project(string project) =>
        Types(project).Select(t => Folder(t) + ".").ShouldAllBe(n => n.StartsWith($"CiliumDebugging.{project}."));

    [Fact]
    public void Every_file_that_documents_name_is_there()
    {
        var files = Sources("*").ConvertAll(f => "/" + Path.GetRelativePath(Repository.Root, f).Replace('\\', '/'));
        string[] documents = ["docs/architecture.md", "CONTRIBUTING.md", "README.md"];
        documents
            .SelectMany(
                d => SourceFile().Matches(File.ReadAllText(Path.Combine(Repository.Root, d))),
                (d, m) => (d, m.Groups[1].Value)
            )
            .Where(named => !files.Exists(f => f.EndsWith("/" + named.Value, StringComparison.Ordinal)))
            .ShouldBeEmpty();
    }

    [Fact]
    public void Every_link_within_the_repository_leads_somewhere()
    {
        Sources("*.md")
            .SelectMany(f => Link().Matches(File.ReadAllText(f)), (f, m) => (File: f, Target: m.Groups[1].Value))
            .Where(l => !l.Target.Contains("://", StringComparison.Ordinal))
            .Where(l => !Path.Exists(Path.Combine(Path.GetDirectoryName(l.File)!, l.Target)))
            .ShouldBeEmpty();
    }

    /// <summary>The repository's files without what is built from them.</summary>
    private static List<string> Sources(string pattern) =>
        [
            .. Directory
                .EnumerateFiles(Repository.Root, pattern, SearchOption.AllDirectories)
                .Where(f =>
                    !f.Contains("/bin/", StringComparison.Ordinal) && !f.Contains("/obj/", StringComparison.Ordinal)
                ),
        ];

    private static HashSet<string> Below(string project)
    {
        HashSet<string> below = [];
        Queue<string> next = new(s_arrows[project]);
        while (next.TryDequeue(out var other))
        {
            if (!below.Add(other))
                continue;
            foreach (var further in s_arrows[other])
                next.Enqueue(further);
        }
        return below;
    }

    /// <summary>The types that are written in the project, without those that the compiler adds.</summary>
    private static IEnumerable<IType> Types(string project) =>
        s_architecture.Value.Types.Where(t =>
            IsOf(project, t) && Folder(t).StartsWith("CiliumDebugging", StringComparison.Ordinal)
        );

    private static bool IsOf(string project, IType type) => type.Assembly?.Name.Split(',')[0] == project;

    private static string Folder(IType type) => type.Namespace?.FullName ?? "";

    [GeneratedRegex(@"\]\(([^)#\s]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`([\w./-]+\.(?:cs|js|txt|slnx))`")]
    private static partial Regex SourceFile();

    [GeneratedRegex(@"^  ([\w.]+) --> ([\w.]+)$", RegexOptions.Multiline)]
    private static partial Regex Arrow();
}
