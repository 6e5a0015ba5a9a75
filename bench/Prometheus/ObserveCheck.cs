using System.CommandLine;
using System.Globalization;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.ServiceDefaults;
using k8s;

namespace CiliumDebugging.Bench.Prometheus;

/// <summary>
/// <c>observe</c>: runs the real command against the live embedded cluster, from Hubble's and the pods' metrics through
/// the API server and from a real Prometheus, and records exit codes and verdicts:
/// <list type="number">
/// <item>HTTP rules on the backends alone: even;</item>
/// <item>two watches are running when the rules of the client's side are applied: both end with skew;</item>
/// <item>rules on both sides: skewed, with the mechanism named;</item>
/// <item>the client's rules are gone again: even.</item>
/// </list>
/// </summary>
internal static class ObserveCheck
{
    /// <summary>
    /// Scrape interval of the shipped configuration, s, and how many of them a look back needs: 20 for any verdict, 40
    /// for "even".
    /// </summary>
    private const int ScrapeSeconds = 2,
        EvenScrapes = 40;

    private static readonly TimeProvider s_time = TimeProvider.System;

    private sealed record Options(double Rate, int PortOffset, FileInfo Config);

    /// <summary>Builds the command.</summary>
    public static Command Build()
    {
        var rate = new Option<double>("--rate")
        {
            Description = "Requests per second.",
            DefaultValueFactory = _ => 150,
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
            "observe",
            "Run the command observe against the live embedded cluster and against a real Prometheus, "
                + "before and after the policy of two-sided-l7."
        )
        {
            rate,
            offset,
            config,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    new Options(parsed.GetValue(rate), parsed.GetValue(offset), parsed.GetValue(config)!),
                    cancellationToken
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(Options options, CancellationToken cancellationToken)
    {
        await using var lab = await MonitoredLab.StartAsync(
            options.PortOffset,
            options.Config,
            s_time,
            cancellationToken
        );
        Print(
            $"Prometheus {await lab.Prometheus.VersionAsync(cancellationToken)}, {lab.Targets} targets scraped every {ScrapeSeconds} s; {options.Rate} requests/s"
        );
        var policies = lab.Scenario.Steps.OfType<ApplyStep>().ToList();
        await lab.ApplyAsync(policies[0], cancellationToken);
        await lab.StartLoadAsync(options.Rate, cancellationToken);
        List<ObserveResult> results = [];
        // 1. one side
        await BothAsync(lab, results, "rules on the backends alone", 0, "even", EvenScrapes, cancellationToken);
        // 2. the change, watched
        await WatchAsync(lab, results, policies[1], cancellationToken);
        // 3. both sides
        await BothAsync(
            lab,
            results,
            "rules on both sides",
            (int)ExitCode.NotReproduced,
            "two-sided-l7",
            0,
            cancellationToken
        );
        // 4. one side again
        foreach (var policy in policies[1].Policies)
            await lab.Cluster.CustomObjects.DeleteNamespacedCustomObjectAsync(
                policy.Group,
                policy.Version,
                policy.Model.Namespace,
                policy.Plural,
                policy.Model.Name,
                cancellationToken: cancellationToken
            );
        await BothAsync(lab, results, "the client's rules deleted", 0, "even", EvenScrapes, cancellationToken);
        await lab.LoadTest.StopAsync(cancellationToken);
        return Report(results) ? 0 : 1;
    }

    /// <summary>
    /// Once from the live cluster and once from Prometheus, after the given number of scrapes.
    /// </summary>
    private static async Task BothAsync(
        MonitoredLab lab,
        List<ObserveResult> results,
        string when,
        int exitCode,
        string diagnosis,
        int scrapes,
        CancellationToken cancellationToken
    )
    {
        Print($"› {when}");
        // A deleted policy leaves no trace in the objects, so how far to look back must be said; requests of before may
        // take some seconds to end.
        await Task.Delay(TimeSpan.FromSeconds(5), s_time, cancellationToken);
        var started = s_time.GetTimestamp();
        await using (
            var direct = ObserveRun.Start(
                new(when, "API server", exitCode, diagnosis),
                lab.Kubeconfig,
                ["--interval", "1s", "--for", "3m"],
                s_time
            )
        )
            results.Add(await direct.ResultAsync(cancellationToken));
        var left = TimeSpan.FromSeconds(ScrapeSeconds * (scrapes + 3)) - s_time.GetElapsedTime(started);
        if (left > TimeSpan.Zero)
            await Task.Delay(left, s_time, cancellationToken);
        var lookBack = string.Create(CultureInfo.InvariantCulture, $"{Math.Max(ScrapeSeconds * scrapes, 60)}s");
        await using var queried = ObserveRun.Start(
            new(when, "Prometheus", exitCode, diagnosis),
            lab.Kubeconfig,
            ["--prometheus", lab.Prometheus.Url.ToString(), "--for", lookBack],
            s_time
        );
        results.Add(await queried.ResultAsync(cancellationToken));
    }

    private static async Task WatchAsync(
        MonitoredLab lab,
        List<ObserveResult> results,
        ApplyStep change,
        CancellationToken cancellationToken
    )
    {
        Print($"› two watches, then {change.File}");
        const string When = "watched while it changes";
        await using var direct = ObserveRun.Start(
            new(When, "API server", (int)ExitCode.NotReproduced, null),
            lab.Kubeconfig,
            ["--watch", "--interval", "1s", "--for", "4m"],
            s_time
        );
        await using var queried = ObserveRun.Start(
            new(When, "Prometheus", (int)ExitCode.NotReproduced, null),
            lab.Kubeconfig,
            ["--watch", "--interval", "2s", "--for", "4m", "--prometheus", lab.Prometheus.Url.ToString()],
            s_time
        );
        await Task.WhenAll(direct.ObservingAsync(cancellationToken), queried.ObservingAsync(cancellationToken));
        await Task.Delay(TimeSpan.FromSeconds(10), s_time, cancellationToken);
        await lab.ApplyAsync(change, cancellationToken);
        var applied = s_time.GetTimestamp();
        async Task<ObserveResult> EndAsync(ObserveRun run)
        {
            var result = await run.ResultAsync(cancellationToken);
            Print(
                $"  {result.Expected.Source}: ended {s_time.GetElapsedTime(applied).TotalSeconds:0} s after the change with {result.ExitCode}"
            );
            return result;
        }
        results.AddRange(await Task.WhenAll(EndAsync(direct), EndAsync(queried)));
    }

    private static bool Report(List<ObserveResult> results)
    {
        Print(
            $"{"cluster", -28} {"source", -11} {"exit", 4}  {"selection", -10} {"delivery", -10} {"diagnosis", -13} {"requests", 8} {"intervals", 9} {"seconds", 7} {"queries", 7}  ok"
        );
        foreach (var result in results)
        {
            var phase = result.Report?.Phases[^1];
            var queries = result
                .Output.FirstOrDefault(l => l.Contains("requests of observe's own", StringComparison.Ordinal))
                ?.Split("; ")[^1]
                .Split(' ')[0]
                ?? "–";
            Print(
                $"{result.Expected.When, -28} {result.Expected.Source, -11} {result.ExitCode, 4}  {phase?.Selection.Kind ?? "–", -10} {phase?.Delivery.Kind ?? "–", -10} {result.Report?.Diagnosis.Name ?? "–", -13} {phase?.Requests ?? 0, 8} {phase?.Delivery.ScrapeIntervals ?? 0, 9} {result.Seconds, 7:0} {queries, 7}  {(result.Passes ? "yes" : "NO")}"
            );
        }
        foreach (var result in results.Where(r => !r.Passes))
        {
            Print(
                $"{result.Expected.When}, {result.Expected.Source}: expected exit code {result.Expected.ExitCode} and {result.Expected.Diagnosis ?? "any diagnosis"}"
            );
            foreach (var line in result.Output)
                Print($"  {line}");
        }
        Print($"{results.Count(r => r.Passes)} of {results.Count} as expected");
        return results.TrueForAll(r => r.Passes);
    }

    private static void Print(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
