using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Scenarios;

/// <summary>Scenario folders of others, nearly right: they are refused in words or read.</summary>
public sealed class MutatedScenarioTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("scenario-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("two-sided-l7")]
    [InlineData("topology-zones")]
    public void A_scenario_is_refused_with_its_problems_or_read(string name)
    {
        var original = Path.Combine(ScenarioCatalog.BuiltIn, name);
        foreach (var file in Directory.GetFiles(original))
            File.Copy(file, Path.Combine(_folder.FullName, Path.GetFileName(file)));
        var scenario = Path.Combine(_folder.FullName, "scenario.yaml");
        foreach (var text in Mutations.Of(File.ReadAllText(scenario), seed: 1))
        {
            File.WriteAllText(scenario, text);
            try
            {
                ScenarioReader.Read(_folder.FullName);
            }
            catch (ScenarioException e)
            {
                e.Message.ShouldNotBeEmpty();
            }
        }
    }

    [Fact]
    public void A_scenario_reads_no_file_outside_its_folder_no_pipe_and_no_giant()
    {
        var scenario = Path.Combine(_folder.FullName, "scenario.yaml");
        string Problem(string apply)
        {
            File.WriteAllText(
                scenario,
                $"load: {{url: 'http://a.b/'}}\nsteps: [{{apply: {apply}}}, {{phase: observe, for: 1s}}]\n"
            );
            return Should.Throw<ScenarioException>(() => ScenarioReader.Read(_folder.FullName)).Message;
        }
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "link.yaml"), "/etc/passwd");
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(_folder.FullName, "pipe.yaml")]))
            mkfifo.WaitForExit();
        using (var giant = File.Create(Path.Combine(_folder.FullName, "giant.yaml")))
            giant.SetLength(300 << 20);

        Problem("../../etc/passwd").ShouldContain("'../../etc/passwd' is not in the folder");
        Problem("/etc/passwd").ShouldContain("'/etc/passwd' is not in the folder");
        Problem("link.yaml").ShouldContain("'link.yaml' is not in the folder");
        Problem("pipe.yaml").ShouldContain("is not a regular file");
        Problem("giant.yaml").ShouldContain("is larger than 1024 KiB");
        File.WriteAllText(scenario, $"title: {new string('x', 2 << 20)}");
        Should
            .Throw<ScenarioException>(() => ScenarioReader.Read(_folder.FullName))
            .Message.ShouldContain("is larger than 1024 KiB");
    }
}
