using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using k8s;

namespace CiliumDebugging.Bench.Runs;

/// <summary>
/// Live runs on one embedded cluster, each with changes at random moments that are made through the API, as kubectl
/// makes them: every request must be accounted for, no mechanism named that was not there, and report and status must
/// not contradict each other. Exit code 1 after a run that does not hold.
/// </summary>
internal static partial class ChangedRuns
{
    public static Command Build()
    {
        var count = new Option<int>("--count") { DefaultValueFactory = _ => 20, Description = "Number of runs." };
        var seed = new Option<int>("--seed") { DefaultValueFactory = _ => 1, Description = "Seed of the first run." };
        var command = new Command("runs", "Live runs with changes at random moments.") { count, seed };
        command.SetAction(
            async (parsed, cancellationToken) =>
                await RunAsync(parsed.GetValue(count), parsed.GetValue(seed), cancellationToken)
        );
        return command;
    }

    private static async Task<int> RunAsync(int count, int seed, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("changed-runs-");
        try
        {
            await using var process = await ClusterProcess.StartAsync(
                Path.Combine(folder.FullName, "kubeconfig"),
                [],
                TimeProvider.System,
                cancellationToken
            );
            using var cluster = process.Connect();
            var (wrong, requests, failures, changing) = (0, 0L, 0L, 0L);
            var names = new SortedDictionary<string, int>(StringComparer.Ordinal);
            for (var run = seed; run < seed + count; run++)
            {
                var changes = new RandomChanges(cluster, new Random(run));
                var report = await changes.RunAsync(cancellationToken);
                List<string> problems = [.. Problems(report, changes)];
                requests += report.Totals.Intended;
                failures += report.Totals.Failures;
                changing += report.Phases.Where(p => !p.IsEvaluated).Sum(p => p.Requests);
                names[report.Diagnosis.Name] = names.GetValueOrDefault(report.Diagnosis.Name) + 1;
                wrong += problems.Count > 0 ? 1 : 0;
                if (problems.Count > 0)
                    Console.WriteLine($"run {run}: {string.Join("; ", problems)}\n  {Describe(report, changes)}");
                if ((run - seed + 1) % 25 == 0)
                    Console.WriteLine($"{run - seed + 1} runs, {wrong} wrong, {requests} requests");
            }
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{count} runs, {wrong} wrong; {requests} requests, {failures} failed, {changing} while changing"
                )
            );
            Console.WriteLine(string.Join(", ", names.Select(n => $"{n.Key} {n.Value}")));
            return wrong > 0 ? 1 : 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static IEnumerable<string> Problems(RunReport report, RandomChanges changes)
    {
        var sum = RequestTotals.Of(report.Phases);
        if (sum != report.Totals)
            yield return $"the phases have {sum}, the run {report.Totals}";
        foreach (var line in report.Reconciliation.Where(r => r.What.StartsWith("requests intended", Ordinal)))
            if (line.Difference != 0)
                yield return $"{line.What}: {line.LeftCount} {line.RightCount}";
        foreach (var phase in report.Phases)
        {
            if (phase.Requests != phase.Ok + phase.Failures)
                yield return $"{phase.Name}: {phase.Requests} requests, {phase.Ok} + {phase.Failures}";
            if (!changes.MayBe(phase.Diagnosis!.Name, phase.Start, phase.Start + phase.Seconds))
                yield return $"{phase.Name}: {phase.Diagnosis.Name} was not there";
            if (phase.Diagnosis.Name == ChangeDiagnosis.FailuresDuringChange && FailedBefore(report, phase))
                yield return $"{phase.Name}: blames the change, and requests failed before it";
            if (phase.Diagnosis.Name == EvenRule.Name && phase.Failures > 0)
                yield return $"{phase.Name}: even with {phase.Failures} failures";
        }
        if (report.Totals.Failures > 0 && report.Diagnosis.Name == EvenRule.Name)
            yield return $"the run is even with {report.Totals.Failures} failures";
        var status = RunStatus.Of(report, LiveSample.None);
        if (status.Kind is RunStatusKind.Undecided && (status.IsFault || status.Cause is not null))
            yield return "an undecided run is red or has a cause";
        if (Answering().Match(status.Headline) is { Success: true } match)
        {
            var silent = status.Pods.Count(p => p.Expected > 0 && p.State is RowState.Silent);
            var due = status.Pods.Count(p => p.Expected > 0);
            if ($"{due - silent} {due}" != $"{match.Groups[1].Value} {match.Groups[2].Value}")
                yield return $"'{status.Headline}', and {silent} of {due} rows are silent";
        }
        var document = DocumentOf.Run(report);
        if (document.Result?.Title != status.Title)
            yield return $"the report is titled '{document.Result?.Title}', the status '{status.Title}'";
        if (status.Title.StartsWith("No skew:", Ordinal) && report.Totals.Failures > 0)
            yield return $"'{status.Title}' with {report.Totals.Failures} failures";
        foreach (Match counts in Counts().Matches(status.Title))
        {
            var (part, all) = (Number(counts, 1), Number(counts, 2));
            var expected = counts.Groups[3].Value == "failed" ? report.Totals.Failures : report.Totals.Ok;
            if (part != expected || all != report.Totals.Requests)
                yield return $"'{status.Title}', and the run has {report.Totals}";
        }
        if (
            !status.IsFault
            && report.Totals.Failures > 0
            && !Counts().IsMatch(status.Title)
            && report.MachineGate is null
        )
            yield return $"'{status.Title}' leaves out {report.Totals.Failures} failures";
    }

    /// <summary>Whether at least half of the failure rate of a change was there in the phase before it.</summary>
    private static bool FailedBefore(RunReport report, PhaseReport change)
    {
        var before = report.Phases.TakeWhile(p => !ReferenceEquals(p, change)).LastOrDefault(p => p.IsEvaluated);
        return before is { Failures: > 0 }
            && 2.0 * before.Failures / before.Requests >= (double)change.Failures / change.Requests;
    }

    private static long Number(Match match, int group) =>
        long.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    private const StringComparison Ordinal = StringComparison.Ordinal;

    private static string Describe(RunReport report, RandomChanges changes) =>
        $"{changes}\n  "
        + string.Join(
            "\n  ",
            report.Phases.Select(p =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{p.Name}: {p.Start:0.0} s, {p.Seconds:0.0} s, {p.Requests} requests, {p.Failures} failed, "
                ) + $"{p.Diagnosis!.Name}"
            )
        );

    [GeneratedRegex(@"(\d+) of (\d+) requests (failed|succeeded)")]
    private static partial Regex Counts();

    [GeneratedRegex(@"^(\d+) of (\d+) pods answers?")]
    private static partial Regex Answering();
}
