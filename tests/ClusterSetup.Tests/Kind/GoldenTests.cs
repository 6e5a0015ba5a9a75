using System.Runtime.CompilerServices;
using System.Text;
using CiliumDebugging.ClusterSetup.Kind;
using CiliumDebugging.ClusterSetup.Kind.Programs;
using CiliumDebugging.ClusterSetup.Kind.Steps;
using CiliumDebugging.Lab.Manifests;
using CiliumDebugging.Lab.Releases;
using CiliumDebugging.Releases;

namespace CiliumDebugging.ClusterSetup.Tests.Kind;

/// <summary>
/// What <c>up --kind --dry-run</c> prints, for every release of Cilium. UPDATE_GOLDEN=1 writes the files anew: look at
/// the difference before it is committed.
/// </summary>
public class GoldenTests
{
    [Fact]
    public void The_commands_and_values_of_every_release_are_the_golden_ones()
    {
        var text = new StringBuilder();
        string? last = null;
        var first = default(CiliumVersion);
        var previous = first;
        foreach (var release in ChartValues.Published.Releases)
        {
            var plan = Dry(new KindOptions { Cilium = release, StateRoot = "/state" }, steps =>
                    steps.Where(s => s is CreateCluster or LoadImages or InstallCilium or WaitForNodes)
                )
                .Replace($"--version {release} ", "--version VERSION ", StringComparison.Ordinal)
                .Replace($"install Cilium {release}", "install Cilium VERSION", StringComparison.Ordinal);
            plan = System.Text.RegularExpressions.Regex.Replace(
                plan,
                "cilium-debugging [0-9a-f]{16}",
                "cilium-debugging HASH"
            );
            if (plan != last)
            {
                if (last is not null)
                    text.Append($"######## {first} to {previous}\n{last}\n");
                (last, first) = (plan, release);
            }
            previous = release;
        }
        text.Append($"######## {first} to {previous}\n{last}\n");
        Compare("releases.txt", text.ToString());
    }

    [Fact]
    public void The_manifests_of_the_lab_are_the_golden_ones() =>
        Compare(
            "manifests.yaml",
            CiliumDebugging.Lab.Manifests.Manifest.ToYaml(
                CiliumDebugging.Lab.Manifests.ManifestSet.Render(
                    new CiliumDebugging.Lab.Manifests.ManifestValues
                    {
                        BackendCnp = true,
                        LoadTestCnp = true,
                        Runner = true,
                    }
                )
            )
        );

    [Fact]
    public void Everything_that_one_can_choose_shows_in_the_commands() =>
        Compare(
            "choices.txt",
            Dry(
                new KindOptions
                {
                    Name = "lab-2",
                    Cilium = CiliumReleases.Parse("1.16.0").Release,
                    Kubernetes = "1.28",
                    Workers = 2,
                    Sets = ["debug.enabled=true", "hubble.metrics.enabled={http,drop}"],
                    StateRoot = "/state",
                    BaseImage = "localhost:5000/aspnet:10.0",
                },
                steps => steps.Where(s => s is not ApplyManifests)
            )
        );

    private static string Dry(KindOptions options, Func<IEnumerable<ClusterStep>, IEnumerable<ClusterStep>> choose)
    {
        var (plan, problems) = KindPlan.Make(options);
        problems.ShouldBeEmpty();
        using var fakes = new FakePrograms().Add("docker", "exit 0");
        var sources = WorkloadImages.FindSources(AppContext.BaseDirectory)!;
        var lab = new KindLab(
            plan!,
            new ProgramRunner(fakes.SearchPath, TimeProvider.System),
            TimeProvider.System,
            sources
        )
        {
            ImageTag = "TAG",
        };
        using var output = new StringWriter { NewLine = "\n" };
        new StepList([.. choose(lab.Steps())], output, TimeProvider.System).PlanAsync().GetAwaiter().GetResult();
        fakes.Calls.ShouldBeEmpty("a dry run runs nothing");
        // The folder is this machine's.
        return output
            .ToString()
            .Replace(sources, "/src", StringComparison.Ordinal)
            .Replace("--arch arm64", "--arch x64", StringComparison.Ordinal);
    }

    private static void Compare(string name, string text, [CallerFilePath] string here = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(here)!, "Golden", name);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            File.WriteAllText(path, text);
        File.ReadAllText(path).ShouldBe(text, $"{path} differs; UPDATE_GOLDEN=1 writes it anew");
    }
}
