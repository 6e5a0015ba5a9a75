using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Lab.Tests.Scenarios;

public sealed class ScenarioReaderTests : IDisposable
{
    private const string Load = """
        load:
          url: http://backend-1.backend:8080/echo

        """;

    private const string Steps = """
        steps:
          - {phase: observe, for: 10s}

        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("scenario-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_seeds_scenario_is_read_with_its_policies()
    {
        var scenario = ScenarioCatalog.Load("two-sided-l7");
        scenario.Name.ShouldBe("two-sided-l7");
        scenario.Source.ShouldEndWith("/14268");
        scenario.Load.ShouldBe(new LoadSpec(new Uri("http://backend-1.backend:8080/echo"), "POST", "foo", 50));
        (scenario.Load.Service, scenario.Load.Namespace).ShouldBe(("backend-1", "backend"));
        scenario
            .Steps.Select(s => s.GetType().Name)
            .ShouldBe([nameof(ApplyStep), nameof(PhaseStep), nameof(ApplyStep), nameof(PhaseStep)]);
        scenario
            .Steps.OfType<ApplyStep>()
            .SelectMany(s => s.Policies)
            .Select(p => $"{p.Plural}.{p.Group}/{p.Version} {p.Model.Namespace}/{p.Model.Name}")
            .ShouldBe([
                "ciliumnetworkpolicies.cilium.io/v2 backend/backend-1",
                "ciliumnetworkpolicies.cilium.io/v2 load-test/load-test-1",
            ]);
        scenario.Expect.Select(e => e.Phase).ShouldBe(["baseline", "observe"]);
    }

    [Fact]
    public void Phases_of_the_same_name_are_refused()
    {
        const string Twice = """
            steps:
              - {phase: a, for: 1s}
              - {wait: 1s}
              - {phase: a, for: 2s}

            """;
        File.WriteAllText(Path.Combine(_folder, "scenario.yaml"), $"title: x\n{Load}{Twice}");

        Should
            .Throw<ScenarioException>(() => ScenarioCatalog.Load(_folder))
            .Message.ShouldContain("steps[3].phase 'a' is also the name of steps[1]");
    }

    [Fact]
    public void Every_scenario_that_comes_with_the_lab_can_be_read()
    {
        ScenarioCatalog.Names.ShouldContain("two-sided-l7");
        foreach (var name in ScenarioCatalog.Names)
            ScenarioCatalog.Load(name).Name.ShouldBe(name);
    }

    [Theory]
    [InlineData("two-sided-17")]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("/nowhere/at/all")]
    public void An_unknown_scenario_is_named_with_those_there_are(string name)
    {
        var message = Should.Throw<ScenarioException>(() => ScenarioCatalog.Load(name)).Message;
        message.ShouldContain($"there is no scenario '{name}'");
        message.ShouldContain("two-sided-l7");
        message.ShouldNotContain('\n');
    }

    [Fact]
    public void A_folder_is_read_by_its_path()
    {
        Write(Load + Steps);
        var scenario = ScenarioCatalog.Load(_folder + Path.DirectorySeparatorChar);
        scenario.Name.ShouldBe(Path.GetFileName(_folder));
        scenario.Load.ShouldBe(
            new LoadSpec(new Uri("http://backend-1.backend:8080/echo"), "POST", null, 50, "app=load-test-1", null)
        );
    }

    [Fact]
    public void Client_ports_and_settings_are_read()
    {
        Write(
            """
            settings: {sandbox-sockets: per-node}
            load: {url: "http://cart.shop/echo", client: app=visitor, ports: "even:40000-50000", rate: 0.5, method: GET}

            """ + Steps
        );
        var scenario = ScenarioReader.Read(_folder);
        scenario.Settings["sandbox-sockets"].ShouldBe("per-node");
        scenario.Load.ShouldBe(
            new LoadSpec(new Uri("http://cart.shop/echo"), "GET", null, 0.5, "app=visitor", "even:40000-50000")
        );
    }

    [Fact]
    public void Http_2_is_read_and_shares_of_connections_need_some()
    {
        const string Http2 = "load: {url: \"http://cart.shop/echo\", http2: true, connections: 3}\n";
        const string Expect = "expect: [{phase: observe, requestShare: connections}]\n";
        Write(Http2 + Steps + Expect);
        var scenario = ScenarioReader.Read(_folder);
        (scenario.Load.Http2, scenario.Load.Connections).ShouldBe((true, 3));
        scenario.Expect.Single().RequestShare.ShouldBe(ExpectedRequestShare.Connections);

        Write(Load + Steps + Expect);
        Should
            .Throw<ScenarioException>(() => ScenarioReader.Read(_folder))
            .Message.ShouldContain("expect.requestShare: the load keeps no connections");
    }

    [Fact]
    public void A_release_is_reported_where_a_source_says_so_and_otherwise_predicted()
    {
        Write("reported: [1.9.0..1.9.8, 1.12.0]\n" + Load + Steps);
        var scenario = ScenarioReader.Read(_folder);

        Evidence("1.9.0").ShouldBe(ReleaseEvidence.Reported);
        Evidence("1.9.8").ShouldBe(ReleaseEvidence.Reported);
        Evidence("1.12.0").ShouldBe(ReleaseEvidence.Reported);
        Evidence("1.9.9").ShouldBe(ReleaseEvidence.Predicted);
        Evidence("1.16.0").ShouldBe(ReleaseEvidence.Predicted);
        scenario.EvidenceFor(null).ShouldBe(ReleaseEvidence.Predicted);

        ReleaseEvidence Evidence(string release) =>
            scenario.EvidenceFor(CiliumVersion.TryParse(release, out var version) ? version : null);
    }

    [Theory]
    [InlineData("1.9.8..1.9.0")]
    [InlineData("latest")]
    [InlineData("1.9..1.10..1.11")]
    public void A_range_of_releases_that_is_none_is_named(string range)
    {
        Write($"reported: [\"{range}\"]\n" + Load + Steps);
        Problems().ShouldHaveSingleItem().ShouldContain($"reported '{range}'");
    }

    [Theory]
    [InlineData("two-sided-l7", "1.9.0", ReleaseEvidence.Reported)]
    [InlineData("two-sided-l7", "1.16.0", ReleaseEvidence.Predicted)]
    [InlineData("native-routing", "1.10.0", ReleaseEvidence.Predicted)]
    [InlineData("native-routing", "1.19.4", ReleaseEvidence.Reported)]
    [InlineData("silent-close", "1.19.4", ReleaseEvidence.Reported)]
    [InlineData("silent-close", "1.20.0", ReleaseEvidence.Predicted)]
    [InlineData("keepalive-pinning", "1.9.0", ReleaseEvidence.Reported)]
    public void The_catalogue_says_what_is_predicted(string scenario, string release, ReleaseEvidence evidence)
    {
        CiliumVersion.TryParse(release, out var version).ShouldBeTrue();
        ScenarioCatalog.Load(scenario).EvidenceFor(version).ShouldBe(evidence);
    }

    [Theory]
    [InlineData("rte: 50", "rte")]
    [InlineData("rate: fast", "fast")]
    [InlineData("url: http://b/", ":3: Encountered duplicate key url")]
    [InlineData("rate: [1", "scenario.yaml:")]
    [InlineData("\tbody: foo", "scenario.yaml:")]
    public void Broken_yaml_and_unknown_fields_are_one_message_with_file_and_line(string line, string named)
    {
        Write(Load + "  " + line + "\n" + Steps);
        var message = Problems().ShouldHaveSingleItem();
        message.ShouldContain("scenario.yaml:");
        message.ShouldContain(named);
    }

    [Theory]
    [InlineData(Load + Steps + "title: a\ntitle: b\n", ":6: Encountered duplicate key title")]
    [InlineData(Load + Steps + "expect: []\nexpect: []\n", ":6: Encountered duplicate key expect")]
    [InlineData(Load + "steps:\n  - {phase: a, for: 1s, for: 2s}\n", ":4: Encountered duplicate key for")]
    [InlineData(Load + "steps:\n  - service: {a: 1, a: 2}\n", ":4: Encountered duplicate key a")]
    [InlineData("settings: {a: b, a: c}\n" + Load + Steps, ":1: Encountered duplicate key a")]
    [InlineData("[]", ":1: expected fields with values")]
    [InlineData("hello", ":1: expected fields with values")]
    [InlineData("load: []\n" + Steps, ":1: expected fields with values")]
    public void A_key_that_appears_twice_and_what_is_not_fields_is_refused_with_its_line(string text, string expected)
    {
        Write(text);
        var message = Problems().ShouldHaveSingleItem();
        message.ShouldContain($"scenario.yaml{expected}");
        message.ShouldNotContain("CiliumDebugging");
    }

    [Theory]
    [InlineData("{url: 'http://u:s3cr3t@b/'}", "load.url 'http://(hidden)@b/' has credentials")]
    [InlineData("{url: 'https://u:s3cr3t@b/'}", "load.url 'https://(hidden)@b/' is not an http URL")]
    public void Credentials_of_a_load_are_refused_and_not_shown(string load, string expected)
    {
        Write($"load: {load}\n{Steps}");
        var message = Problems().ShouldHaveSingleItem();
        message.ShouldContain(expected);
        message.ShouldNotContain("s3cr3t");
    }

    [Theory]
    [InlineData("url: backend-1", "load.url 'backend-1'")]
    [InlineData("url: https://backend-1/", "load.url 'https://backend-1/'")]
    [InlineData("{url: http://b/, rate: 0}", "load.rate 0 ")]
    [InlineData("{url: http://b/, rate: -5}", "load.rate -5 ")]
    [InlineData("{url: http://b/, rate: .nan}", "load.rate NaN ")]
    [InlineData("{url: http://b/, rate: 100001}", "load.rate 100001 ")]
    [InlineData("{url: http://b/, ports: uneven}", "load.ports: port range 'uneven'")]
    [InlineData("{url: http://b/, ports: \"50000-40000\"}", "load.ports: port range '50000-40000'")]
    public void A_bad_load_is_named_with_its_value(string load, string named)
    {
        Write($"load:\n  {load}\n{Steps}");
        Problems().ShouldHaveSingleItem().ShouldContain(named);
    }

    [Theory]
    [InlineData("- {phase: observe, for: soon}", "steps[1].for 'soon'")]
    [InlineData("- {phase: observe, for: 0s}", "steps[1].for '0s'")]
    [InlineData("- {phase: observe}", "steps[1] has phase")]
    [InlineData("- {pause: 3s}", "steps[1] has pause")]
    [InlineData("- {apply: a.yaml, delete: b.yaml}", "steps[1] has apply, delete")]
    [InlineData("- {apply: missing.yaml}", "missing.yaml: cannot be read")]
    public void A_bad_step_is_named_with_its_number(string step, string named)
    {
        Write($"{Load}steps:\n  {step}\n  - {{phase: other, for: 1s}}\n");
        Problems().ShouldHaveSingleItem().ShouldContain(named);
    }

    [Theory]
    [InlineData("load:\n", Steps, "load.url ''")]
    [InlineData(Load, "steps:\n", "there is no phase")]
    [InlineData(Load, Steps + "  -\n", "steps[2] is empty; a step is")]
    [InlineData(Load, Steps + "expect:\n  -\n", "expect.phase ''")]
    [InlineData(Load, Steps + "topology: {workers: 1, zones: [~]}\n", "topology.zones: a zone has no name")]
    public void An_empty_field_is_one_that_is_not_there(string load, string rest, string named)
    {
        Write(load + rest);
        Problems().ShouldHaveSingleItem().ShouldContain(named);
    }

    [Fact]
    public void Empty_fields_that_may_be_left_out_have_their_defaults()
    {
        Write(
            "title:\nsource:\nsettings:\ntopology: {backendWorkers: , zones: }\nexpect:\n"
                + Load
                + "  method:\n  client:\n"
                + Steps
        );
        var scenario = ScenarioCatalog.Load(_folder);
        (scenario.Title, scenario.Load.Method, scenario.Load.Client).ShouldBe(("", "POST", LoadSpec.DefaultClient));
        scenario.Expect.ShouldBeEmpty();
    }

    [Fact]
    public void A_scenario_without_a_phase_measures_nothing()
    {
        Write(Load);
        Problems().ShouldHaveSingleItem().ShouldContain("there is no phase");
    }

    [Fact]
    public void A_broken_policy_is_named_with_its_file_and_line()
    {
        Policy("specc: {}");
        Write($"{Load}steps:\n  - apply: policy.yaml\n  - {{phase: observe, for: 1s}}\n");
        var problems = Problems();
        problems.ShouldContain(p =>
            p.StartsWith("policy.yaml:", StringComparison.Ordinal) && p.Contains("specc", StringComparison.Ordinal)
        );
        problems.ShouldAllBe(p => !p.Contains("   at ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{phase: nowhere}", "expect.phase 'nowhere'")]
    [InlineData("{phase: observe, delivery: fair}", "expect.delivery 'fair'")]
    [InlineData("{phase: observe, successesFrom: anywhere}", "expect.successesFrom 'anywhere'")]
    [InlineData("{phase: observe, failureShare: half}", "expect.failureShare 'half'")]
    public void A_bad_expectation_is_named_with_its_value(string expectation, string named)
    {
        Write($"{Load}{Steps}expect:\n  - {expectation}\n");
        Problems().ShouldHaveSingleItem().ShouldContain(named);
    }

    [Fact]
    public void All_problems_are_reported_together_one_line_each()
    {
        Write(
            "load: {url: nowhere}\nsteps:\n  - {apply: missing.yaml}\n  - {phase: a, for: x}\n  - {phase: b, for: 1s}\n"
                + "expect:\n  - {phase: c, delivery: fair}\n"
        );
        Problems().Length.ShouldBe(5);
    }

    [Fact]
    public void An_empty_file_and_a_missing_one_are_one_message()
    {
        Write("");
        Problems().ShouldHaveSingleItem().ShouldEndWith("the file is empty");
        File.Delete(Path.Combine(_folder, "scenario.yaml"));
        Problems().ShouldHaveSingleItem().ShouldContain("cannot be read");
    }

    [Fact]
    public void Durations_and_rate_can_be_replaced_and_the_rest_stays()
    {
        var scenario = ScenarioCatalog.Load("two-sided-l7");
        var other = scenario.With(200, TimeSpan.FromSeconds(1), null);
        other.Load.RatePerSecond.ShouldBe(200);
        other
            .Steps.OfType<PhaseStep>()
            .Select(p => p.Duration.TotalSeconds)
            .ShouldBe([1, scenario.Steps.OfType<PhaseStep>().Last().Duration.TotalSeconds]);
        other.Expect.ShouldBe(scenario.Expect);
        scenario.With(null, null, null).Steps.ShouldBe(scenario.Steps);
    }

    private void Write(string yaml) => File.WriteAllText(Path.Combine(_folder, "scenario.yaml"), yaml);

    private void Policy(string yaml) =>
        File.WriteAllText(
            Path.Combine(_folder, "policy.yaml"),
            $"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: backend}}\n{yaml}\n"
        );

    private string[] Problems() =>
        Should.Throw<ScenarioException>(() => ScenarioReader.Read(_folder)).Message.Split(Environment.NewLine);
}
