using CiliumDebugging.AppHost.CommandLine;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.AppHost.Tests.CommandLine;

public sealed class AppHostArgumentsTests
{
    [Fact]
    public void Without_arguments_the_default_scenario_runs_on_the_default_topology()
    {
        var (command, said) = Parse([]);

        command.Options.ShouldNotBeNull();
        said.ShouldBeEmpty();
        command.Options.Once.ShouldBeFalse();
        command.Options.ClusterSettings.ShouldBeEmpty();
        command.Options.Scenario.Name.ShouldBe("two-sided-l7");
        command.Options.RatePerSecond.ShouldBeNull();
        command.Options.Scenario.Load.RatePerSecond.ShouldBe(50);
        command.Options.Baseline.ShouldBeNull();
        NodesOf(command, "backend-1").ShouldBe(["cluster-worker", "cluster-worker2", "cluster-worker3"]);
        NodesOf(command, "load-test-1").ShouldBe(["cluster-worker3"]);
    }

    [Fact]
    public void The_command_to_reproduce_a_run_has_what_the_command_line_says()
    {
        var folder = Path.Combine(ScenarioCatalog.BuiltIn, "two-sided-l7");
        var (command, _) = Parse([
            "--scenario",
            folder,
            "--baseline",
            "1m30s",
            "--set",
            "bpf-lb-sock=true",
            "--workers",
            "4",
            "--client-worker",
            "2",
            "--port-offset",
            "1000",
        ]);

        const string Rest = " --baseline 90000ms --workers 4 --client-worker 2 --set bpf-lb-sock=true";
        var options = command.Options.ShouldNotBeNull();
        options.Command("two-sided-l7").ShouldBe($"dotnet run --project AppHost -- --once --scenario {folder}{Rest}");
        // Another one of the page.
        options.Command("control").ShouldBe($"dotnet run --project AppHost -- --once --scenario control{Rest}");
    }

    [Fact]
    public void Every_option_is_read()
    {
        var (command, _) = Parse([
            "--scenario",
            "two-sided-l7",
            "--rate",
            "12.5",
            "--baseline",
            "1m30s",
            "--observe",
            "500ms",
            "--once",
            "--port-offset",
            "1000",
            "--set",
            "bpf-lb-sock=true",
            "--set",
            "tunnel=vxlan",
            "--set",
            "bpf-lb-sock=false",
            "--workers",
            "4",
            "--client-worker",
            "2",
        ]);

        command.Options.ShouldNotBeNull();
        var options = command.Options;
        options.Scenario.Name.ShouldBe("two-sided-l7");
        options.RatePerSecond.ShouldBe(12.5);
        options.Baseline.ShouldBe(TimeSpan.FromSeconds(90));
        options.Observe.ShouldBe(TimeSpan.FromMilliseconds(500));
        options.Once.ShouldBeTrue();
        options.PortOffset.ShouldBe(1000);
        ClusterEnvironment.FormatSettings(options.ClusterSettings).ShouldBe("bpf-lb-sock=false\ntunnel=vxlan");
        NodesOf(command, "backend-1").Length.ShouldBe(4);
        NodesOf(command, "load-test-1").ShouldBe(["cluster-worker2"]);
    }

    [Theory]
    [InlineData("--rate 0", "--rate 0: must be a number of requests per second, greater than 0", "--rate 50")]
    [InlineData("--rate -5", "--rate -5: must be a number", "--rate 50")]
    [InlineData("--rate NaN", "--rate NaN: must be a number", "--rate 50")]
    [InlineData("--rate fast", "--rate fast: must be a number", "--rate 50")]
    [InlineData("--baseline 6", "--baseline 6: must be a time greater than 0", "--baseline 6s")]
    [InlineData("--baseline 0s", "--baseline 0s: must be a time greater than 0", "--baseline 6s")]
    [InlineData("--observe 9999999999999999999999h", "must be a time greater than 0 and at most 24h", "--observe 2m")]
    [InlineData(
        "--port-offset 50001",
        "--port-offset 50001: must be a whole number from 0 to 50000",
        "--port-offset 1000"
    )]
    [InlineData("--set bpf-lb-sock", "--set bpf-lb-sock: must be key=value", "--set bpf-lb-sock=false")]
    [InlineData("--workers 0", "--workers 0: must be a whole number from 1 to 250", "--workers 3")]
    [InlineData("--client-worker 4", "--client-worker 4: there are only 3 workers", "--workers")]
    [InlineData("--scenario Two_Sided", "--scenario Two_Sided:", "--scenario two-sided-l7")]
    [InlineData("--rate", "--rate: needs a value", "--help")]
    [InlineData("--rate 5 --rate 6", "--rate 5 6: give it once", "once")]
    [InlineData("--rat 5", "--rat: no such option", "did you mean --rate?")]
    [InlineData(
        "--service backend-1 --context c",
        "--service backend-1: must be a namespace and a name",
        "--service backend/backend-1"
    )]
    [InlineData("--service backend/backend-1", "--service: only with --context", "--kubeconfig")]
    [InlineData("--kubeconfig no/such/file", "--kubeconfig no/such/file: there is no such file", "file")]
    [InlineData("--context c --workers 4", "--workers: only without --context", "embedded")]
    public void A_bad_value_is_named_with_its_remedy_in_one_line(string arguments, string names, string remedy)
    {
        var (command, said) = Parse(arguments.Split(' '));

        (command.Options, command.ExitCode).ShouldBe((null, ExitCode.BadUsage));
        said.Trim().ShouldNotContain('\n');
        said.ShouldStartWith(names.StartsWith("--", StringComparison.Ordinal) ? names : arguments);
        said.ShouldContain(names);
        said.ShouldContain(remedy);
    }

    [Fact]
    public void All_problems_are_printed_together()
    {
        var (command, said) = Parse(["--rate", "0", "--workers", "none", "--set", "x"]);

        (command.Options, command.ExitCode).ShouldBe((null, ExitCode.BadUsage));
        said.Trim().Split('\n').Length.ShouldBe(3);
    }

    [Fact]
    public void Arguments_of_Aspire_pass_through_in_their_order()
    {
        var (command, said) = Parse([
            "--operation",
            "publish",
            "--rate",
            "5",
            "--step",
            "publish",
            "--output-path",
            "out",
            "--AppHost:Key=value",
        ]);

        said.ShouldBeEmpty();
        command.Options.ShouldNotBeNull();
        command.Options.RatePerSecond.ShouldBe(5);
        command.HostArguments.ShouldBe([
            "--operation",
            "publish",
            "--step",
            "publish",
            "--output-path",
            "out",
            "--AppHost:Key=value",
        ]);
    }

    [Fact]
    public void A_misspelled_option_is_not_left_to_Aspire()
    {
        var (command, said) = Parse(["--rat", "5"]);

        (command.Options, command.ExitCode).ShouldBe((null, ExitCode.BadUsage));
        said.ShouldStartWith("--rat: no such option; did you mean --rate?");
    }

    [Theory]
    [InlineData("--help", "--client-worker <N>")]
    [InlineData("-h", "--port-offset <N>")]
    [InlineData("--version", "0.1.0")]
    public void Help_and_version_end_with_0(string argument, string shows)
    {
        var output = new StringWriter();

        AppHostArguments
            .Parse([argument], output, TextWriter.Null)
            .ShouldSatisfyAllConditions(a => a.Options.ShouldBeNull(), a => a.ExitCode.ShouldBe(ExitCode.Success));
        output.ToString().ShouldContain(shows);
    }

    private static (AppHostArguments Command, string Said) Parse(string[] args)
    {
        var error = new StringWriter { NewLine = "\n" };
        return (AppHostArguments.Parse(args, TextWriter.Null, error), error.ToString());
    }

    private static string[] NodesOf(AppHostArguments command, string workload) =>
        [.. command.Options!.Topology.Workloads.Single(w => w.Name == workload).Nodes];
}
