using CiliumDebugging.AppHost.Terminal;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.AppHost.Tests.Terminal;

public sealed class TerminalKeysTests
{
    private static readonly PageInfo s_lab = PageInfo.Empty with
    {
        Scenarios = [new ScenarioChoice("a", "A"), new ScenarioChoice("b", "B")],
        Policies =
        [
            new PolicyCard("one.yaml", "", "", Applied: true),
            new PolicyCard("two.yaml", "", "", Applied: false),
        ],
        Pods = [new BackendPod("near", "backend", "n1"), new BackendPod("far", "backend", "n2")],
    };

    private static readonly PageState s_state = PageState.Empty with
    {
        Activity = PageActivity.Running,
        Scenario = "a",
        Client = new ClientPlace("c", "n1"),
    };

    [Fact]
    public void Every_command_has_a_key_that_says_what_it_would_do_now()
    {
        var keys = TerminalKeys.Of(s_state, s_lab);

        keys.Select(k => (k.Key, k.Label))
            .ShouldBe([
                ('1', "remove one.yaml"),
                ('2', "apply two.yaml"),
                ('d', "delete pod far"),
                ('x', "stop"),
                ('s', "run a"),
                ('h', "manual load"),
                ('n', "run b"),
                ('w', "write report"),
                ('p', "page"),
                ('q', "quit"),
            ]);
        keys.Select(k => k.Command?.Action)
            .OfType<PageAction>()
            .ToHashSet()
            .ShouldBe(Enum.GetValues<PageAction>().ToHashSet(), ignoreOrder: true);
        keys.Single(k => k.Key == 'd').Command.ShouldBe(new PageCommand(PageAction.DeletePod, "backend/far")); // not the one that answers everything
    }

    [Theory]
    [InlineData(41, "1 remove one  2 apply two  q quit  ? keys")]
    [InlineData(80, "1 remove one  2 apply two  d delete pod  x stop  s run a  q quit  ? keys")]
    public void The_line_of_keys_fits_and_always_names_how_to_quit(int columns, string line)
    {
        var shown = TerminalKeys.OneLine(TerminalKeys.Of(s_state, s_lab), columns);

        shown.ShouldBe(line);
        shown.Length.ShouldBeLessThanOrEqualTo(columns);
    }

    [Fact]
    public void Without_a_run_there_is_nothing_to_stop_and_after_the_last_scenario_comes_the_first()
    {
        var keys = TerminalKeys.Of(s_state with { Activity = PageActivity.Ended, Scenario = "b" }, s_lab);

        keys.ShouldNotContain(k => k.Key == 'x');
        keys.Single(k => k.Key == 'n').Label.ShouldBe("run a");
    }
}
