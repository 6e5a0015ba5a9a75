using System.Collections.Immutable;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Simulation;

namespace CiliumDebugging.Lab.Tests.Simulation;

public class SimulationTextTests
{
    private const string Formula = "stale conntrack with the measured p = ";

    /// <summary>The prediction of the last line is the table's: the formula where entries outlive the simulation, even
    /// shares where each connection chooses anew, and none between.</summary>
    [Theory]
    [InlineData("stale-conntrack", "sandbox-cilium-version=1.9.0", Formula)]
    [InlineData("stale-conntrack", "sandbox-cilium-version=1.15.0", Formula)]
    [InlineData("stale-conntrack", "sandbox-cilium-version=1.19.4", "predicted: 33.33 %; even: 33.33 %")]
    [InlineData("stale-conntrack", "bpf-lb-sock=true", "predicted: 33.33 %; even: 33.33 %")]
    [InlineData("stale-conntrack", "bpf-ct-timeout-service-tcp=4s,conntrack-gc-interval=2s", "no formula")]
    [InlineData("stale-conntrack", "sandbox-conntrack-reopen-grace=5s,sandbox-cilium-version=1.15.0", "no formula")]
    [InlineData("silent-close", "sandbox-fin=lost", Formula)]
    [InlineData("silent-close", "sandbox-fin=seen", "predicted: 33.33 %; even: 33.33 %")]
    [InlineData("silent-close", "sandbox-fin=seen,sandbox-conntrack-reopen=reuse", Formula)]
    [InlineData(
        "silent-close",
        "sandbox-fin=seen,sandbox-conntrack-reopen=reuse,conntrack-gc-interval=2s",
        "no formula"
    )]
    public void The_new_pods_share_is_compared_with_what_the_table_predicts(
        string scenario,
        string settings,
        string expected
    )
    {
        var text = LastLine(ScenarioCatalog.Load(scenario), settings);
        text.ShouldContain(expected);
        text.Contains(Formula, StringComparison.Ordinal).ShouldBe(expected == Formula);
    }

    /// <summary>The formula is for one replacement, and each has its own part of the time.</summary>
    [Fact]
    public void A_second_replacement_has_no_formula_and_ends_the_first_ones_time()
    {
        var stale = ScenarioCatalog.Load("stale-conntrack");
        var scenario = stale with { Steps = [.. stale.Steps, .. stale.Steps.Skip(1)], Expect = [] };
        var result = Simulator.Run(scenario, new SimulationOptions());
        var lines = Text(result).Split('\n', StringSplitOptions.RemoveEmptyEntries)[^2..];
        lines[0].ShouldContain(Formula);
        lines[1].ShouldContain("no formula for these settings");
        lines.ShouldAllBe(l => l.Contains("even: 33.33 %", StringComparison.Ordinal));
        var first = result.Replacements[0];
        var until = result
            .Samples.Where(s => s.From >= first.ReadyAt && s.To <= result.Replacements[1].GoneAt)
            .ToList();
        var share = (double)until.Sum(s => s.Selected[first.Added]) / until.Sum(s => s.Connections);
        lines[0].ShouldContain(FormattableString.Invariant($"share {share:P2} since"));
    }

    [Fact]
    public void A_part_without_a_connection_has_no_shares()
    {
        var rare = Text(Simulator.Run(ScenarioCatalog.Load("two-sided-l7"), new() { RatePerSecond = 0.05 }));
        rare.Split('\n').Count(l => l.Contains("      –        – (33.3 %)", StringComparison.Ordinal)).ShouldBe(18);
    }

    private static string LastLine(Scenario scenario, string settings)
    {
        var data = settings
            .Split(',')
            .Select(s => s.Split('='))
            .ToImmutableSortedDictionary(s => s[0], s => s[1], StringComparer.Ordinal);
        return Text(Simulator.Run(scenario, new SimulationOptions { Settings = data })).TrimEnd().Split('\n')[^1];
    }

    private static string Text(SimulationResult result)
    {
        using var text = new StringWriter();
        SimulationText.Write(result, text);
        return text.ToString();
    }
}
