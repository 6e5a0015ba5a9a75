using System.Text.Json;
using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.Lab.Matching;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.LoadTest.Commands;

namespace CiliumDebugging.ClusterSetup.Tests.Commands;

public class ScenarioMatchTests
{
    [Fact]
    public void Text_has_reasons_a_command_and_which_scenarios_cannot_be_told_apart()
    {
        var text = Write(new Symptoms { Words = "one pod has all the load" }, json: false);
        text.ShouldStartWith(
            "The next 2 fit equally well: what is given does not tell them apart.\n1. keepalive-pinning"
        );
        text.ShouldContain("\n1. session-affinity: one pod has all the load\n   for: its description has:");
        text.ShouldContain("   dotnet run --project AppHost -- --scenario session-affinity\n");
        text.Split('\n').ShouldAllBe(l => l.Length <= 80);
    }

    [Fact]
    public void Json_has_the_same_for_programs()
    {
        var seen = new Symptoms
        {
            Pods = 3,
            Answering = 1,
            Status = 503,
            Failing = true,
        };
        var first = JsonDocument.Parse(Write(seen, json: true)).RootElement[0];
        first.GetProperty("rank").GetInt32().ShouldBe(1);
        first.GetProperty("name").GetString().ShouldBe("two-sided-l7");
        first.GetProperty("for").GetArrayLength().ShouldBe(3);
        first.GetProperty("command").GetString().ShouldBe("dotnet run --project AppHost -- --scenario two-sided-l7");
    }

    [Fact]
    public void What_fits_nothing_is_said() =>
        Write(new Symptoms { Words = "quux" }, json: false).ShouldContain("no scenario fits");

    [Theory]
    [InlineData("", "say what is seen")]
    [InlineData("--format json", "say what is seen")]
    [InlineData("--pods 2 --answering 3", "--answering is more than --pods")]
    [InlineData("--status 99", "--status 99 must be from 100 to 599")]
    [InlineData("--cilium-version new", "'new' is not a version")]
    public void What_cannot_be_meant_is_refused(string arguments, string problem) =>
        AttackCommands
            .Parse(CommandLine.Build(), ["scenario", "match", .. arguments.Split(' ').Where(a => a.Length > 0)])
            .Errors.Select(e => e.Message)
            .ShouldContain(m => m.Contains(problem, StringComparison.Ordinal));

    private static string Write(Symptoms seen, bool json)
    {
        using var output = new StringWriter();
        ScenarioMatchCommand.Write(output, ScenarioMatcher.Rank(seen, ScenarioCatalog.All), json).ShouldBe(0);
        return output.ToString();
    }
}
