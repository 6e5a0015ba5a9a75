using System.CommandLine;
using System.Globalization;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.Bench.Prometheus;

/// <summary>
/// <c>prometheus</c>: compares what a real Prometheus reports about the lab with the lab's own counts.
/// <list type="number">
/// <item>starts the embedded cluster and a Prometheus with the shipped configuration;</item>
/// <item>waits until every target is up;</item>
/// <item>applies the policies of two-sided-l7 one after the other under load, a phase after each;</item>
/// <item>evaluates the three queries of cilium/cilium#14268 and prints every number with its expectation.</item>
/// </list>
/// </summary>
internal static class PrometheusCheck
{
    private static readonly TimeSpan s_readingInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeProvider s_time = TimeProvider.System;

    private sealed record Options(double Rate, double PhaseSeconds, int PortOffset, FileInfo Config);

    /// <summary>Builds the command.</summary>
    public static Command Build()
    {
        var rate = new Option<double>("--rate")
        {
            Description = "Requests per second.",
            DefaultValueFactory = _ => 300,
        };
        var phase = new Option<double>("--phase")
        {
            Description = "Length of each of the two phases, seconds, at least 66.",
            DefaultValueFactory = _ => 126,
        };
        var offset = new Option<int>("--port-offset")
        {
            Description = "Added to every port the cluster listens on.",
            DefaultValueFactory = _ => 0,
        };
        var config = new Option<FileInfo>("--config")
        {
            Description = "The scrape configuration.",
            DefaultValueFactory = _ => new FileInfo("docs/prometheus.yml"),
        };
        var command = new Command(
            "prometheus",
            "Compare a real Prometheus that scrapes the lab with the lab's own counts."
        )
        {
            rate,
            phase,
            offset,
            config,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    new Options(
                        parsed.GetValue(rate),
                        parsed.GetValue(phase),
                        parsed.GetValue(offset),
                        parsed.GetValue(config)!
                    ),
                    cancellationToken
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(Options options, CancellationToken cancellationToken)
    {
        // 1. and 2. cluster, Prometheus, targets
        await using var lab = await MonitoredLab.StartAsync(
            options.PortOffset,
            options.Config,
            s_time,
            cancellationToken
        );
        Print(
            $"Prometheus {await lab.Prometheus.VersionAsync(cancellationToken)}, {lab.Targets} targets, port offset {options.PortOffset}; {options.Rate} requests/s, two phases of {options.PhaseSeconds} s"
        );
        foreach (var query in PhaseCheck.Queries)
            Print($"  {query}");
        // 3. and 4.
        return Report(await MeasureAsync(options, lab, cancellationToken)) ? 0 : 1;
    }

    private static async Task<IReadOnlyList<CheckedNumber>> MeasureAsync(
        Options options,
        MonitoredLab monitored,
        CancellationToken cancellationToken
    )
    {
        var (lab, pods, loadTest, prometheus) = (
            new RunCounts(),
            await monitored.View.BackendsAsync(cancellationToken),
            monitored.LoadTest,
            monitored.Prometheus
        );
        var policies = monitored.Scenario.Steps.OfType<ApplyStep>().ToList();
        await ApplyAsync(monitored, policies[0], cancellationToken);
        lab.Epoch = (await monitored.StartLoadAsync(options.Rate, cancellationToken)).EpochUnixSeconds;
        using var readings = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var following = loadTest.FollowAsync(lab.Add, TimeProvider.System, cancellationToken);
        var reading = ReadAsync(lab, monitored.View, pods, readings.Token);
        var baseline = await PhaseAsync(options, "baseline", cancellationToken);
        await ApplyAsync(monitored, policies[1], cancellationToken);
        var observe = await PhaseAsync(options, "observe", cancellationToken);
        // What a scrape shows of the phase's last second comes a little later.
        await Task.Delay(TimeSpan.FromSeconds(3), s_time, cancellationToken);
        await loadTest.StopAsync(cancellationToken);
        await following;
        await readings.CancelAsync();
        await reading;
        Print(
            $"{lab.Records} requests recorded by the client, {lab.IndependentChoices(baseline.Start, baseline.End):0} and {lab.IndependentChoices(observe.Start, observe.End):0} independent choices of a pod in the phases"
        );
        List<CheckedNumber> numbers = [];
        foreach (var (name, (start, end), both) in new[] { ("baseline", baseline, false), ("observe", observe, true) })
            numbers.AddRange(
                await new PhaseCheck(
                    name,
                    start,
                    end,
                    both,
                    pods,
                    monitored.Client.Spec.NodeName,
                    prometheus,
                    lab
                ).RunAsync(cancellationToken)
            );
        numbers.AddRange(await SideEffectsAsync(prometheus, baseline.Start, observe.End, cancellationToken));
        return numbers;
    }

    /// <summary>The lab's own reading of the counters, about once a second, through the API.</summary>
    private static async Task ReadAsync(
        RunCounts lab,
        ClusterReader view,
        IReadOnlyList<BackendPod> pods,
        CancellationToken cancellationToken
    )
    {
        try
        {
            while (true)
            {
                var before = Now();
                var counters = await view.ScrapeAsync(pods, cancellationToken);
                lab.Add((before + Now()) / 2, counters);
                await Task.Delay(s_readingInterval, s_time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The measurement is over.
        }
    }

    private static async Task<(double Start, double End)> PhaseAsync(
        Options options,
        string name,
        CancellationToken cancellationToken
    )
    {
        Print($"› {name}");
        var start = Now();
        await Task.Delay(TimeSpan.FromSeconds(options.PhaseSeconds), s_time, cancellationToken);
        return (start, Now());
    }

    private static async Task ApplyAsync(MonitoredLab lab, ApplyStep step, CancellationToken cancellationToken)
    {
        Print($"› applying {step.File}");
        await lab.ApplyAsync(step, cancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(1), s_time, cancellationToken);
    }

    /// <summary>
    /// Scraping has no effect: every scrape succeeds, none is counted as a request, none is denied.
    /// </summary>
    private static async Task<IReadOnlyList<CheckedNumber>> SideEffectsAsync(
        PrometheusServer prometheus,
        double start,
        double end,
        CancellationToken cancellationToken
    )
    {
        var window = string.Create(CultureInfo.InvariantCulture, $"[{(int)(end - start)}s]");
        async Task<CheckedNumber> OfAsync(string what, string query, double expected) =>
            new(
                "both",
                what,
                (await prometheus.AtAsync(query, Math.Floor(end), cancellationToken)) is [var series]
                    ? series.Points[0].Value
                    : 0,
                expected,
                0,
                DeviationUnit.Absolute,
                ""
            );
        return
        [
            await OfAsync(
                "failed scrapes",
                $$"""sum(count_over_time(up{job=~"backends|hubble"}{{window}}) - sum_over_time(up{job=~"backends|hubble"}{{window}}))""",
                0
            ),
            await OfAsync(
                "Hubble series of sources other than load-test pods",
                """count(hubble_http_requests_total{source!~"load-test/load-test-1.*"})""",
                0
            ),
            await OfAsync(
                "Hubble series of other methods than POST",
                """count(hubble_http_requests_total{method!="POST"})""",
                0
            ),
            await OfAsync("connections denied by policy", """sum(hubble_drop_total{reason="POLICY_DENIED"})""", 0),
        ];
    }

    private static bool Report(IReadOnlyList<CheckedNumber> numbers)
    {
        Print(
            $"{"phase", -9} {"what", -50} {"Prometheus", 10} {"expected", 10} {"deviation", 10} {"limit", 7}  {"expected from", -14} ok"
        );
        foreach (var number in numbers)
        {
            var unit = number.Unit switch
            {
                DeviationUnit.Relative => " %",
                DeviationUnit.StandardErrors => " se",
                _ => "",
            };
            var scale = number.Unit is DeviationUnit.Relative ? 100 : 1;
            Print(
                $"{number.Phase, -9} {number.What, -50} {number.Measured, 10:0.0000} {number.Expected, 10:0.0000} {$"{FormattableString.Invariant($"{number.Deviation * scale:+0.00;-0.00;0.00}")}{unit}", 10} {$"{FormattableString.Invariant($"{number.Limit * scale:0.##}")}{unit}", 7}  {number.Source, -14} {(number.Passes ? "yes" : "NO")}"
            );
        }
        var failed = numbers.Count(n => !n.Passes);
        Print($"{numbers.Count - failed} of {numbers.Count} within their limits");
        return failed == 0;
    }

    private static double Now() => (s_time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;

    private static void Print(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
