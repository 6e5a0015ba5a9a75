using System.Text.Json;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Tests.Page;

public sealed class PageJsonTests
{
    private static readonly PageState s_state = PageState.Empty with
    {
        Activity = PageActivity.Watching,
        Situation = new RunStatus { Kind = RunStatusKind.Recovered, Headline = "Recovered" },
        Rows =
        [
            new PageRow
            {
                Key = "ns/a",
                Name = "a",
                Node = "n",
                State = RowState.Short,
            },
        ],
        Verdict = new PageVerdict { Kind = VerdictKind.Undecided, Text = "no decision" },
        Responses = [new ResponseCount("a", "n", 200, 1)],
        Failure = "not for pages",
    };

    private static readonly string s_json = """
        {"at":0,"activity":"watching","step":"","phase":null,"startedAt":null,"scenario":"","title":"","manual":false,"ratePerSecond":0,
        "client":{"pod":"","node":""},"requests":0,
        "situation":{"kind":"recovered","headline":"Recovered","title":"","answers":"","silent":"","failures":"","since":"","after":"",
        "hop":"","why":""},"rows":[{"key":"ns/a","name":"a","node":"n","onClientNode":false,"pods":1,
        "state":"short","okPerSecond":0,"failedPerSecond":0,"echoPerSecond":0,"hubblePerSecond":0,"share":null,
        "shareLower":null,"shareUpper":null,"expected":0,"p50Ms":null,"p99Ms":null}],"grouped":false,
        "httpRules":{"client":false,"backends":false},"verdict":{"kind":"undecided","text":"no decision",
        "logSkewed":0,"logEven":0,"logThreshold":0,"connections":0,"further":null,"maxOverMean":null,
        "effectiveBackends":null},"diagnosis":null,"reconciliation":[],"events":[],"pods":null}
        """.ReplaceLineEndings("");

    [Fact]
    public void The_page_receives_the_state_under_the_names_that_its_scripts_read() =>
        JsonSerializer.Serialize(s_state, PageJson.Default.PageState).ShouldBe(s_json);
}
