using System.Diagnostics;
using System.Globalization;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Bench.Skew;

/// <summary>The verdict's promises, simulated in full: false alarms at α = 1e-2 beside the tests people use instead,
/// and connections to a decision at α = 1e-4. <c>dotnet run -c Release --project bench -- skew [runs]
/// [connections]</c>, defaults 1,000 and 100,000. Exit code 1 when a promise is broken.</summary>
internal static class SkewBenchmark
{
    public static int Run(string[] args)
    {
        var runs = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1000;
        var connections = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 100_000;
        var kept = AlarmTable(runs, connections);
        kept &= DetectionTable(runs);
        Console.WriteLine(kept ? "All promises kept." : "A promise is broken.");
        return kept ? 0 : 1;
    }

    private static bool AlarmTable(int runs, int connections)
    {
        Console.WriteLine(
            $"False alarms at alpha = {FalseAlarms.Alpha}: {runs:N0} runs of {connections:N0} connections, "
                + "watched at every connection."
        );
        Console.WriteLine(
            "Runs ever called skewed by: the monitor (fresh selections by start) | every connection by "
                + "completion | the same, exact null | chi-square every 100"
        );
        var kept = true;
        Row("independent draws", FalseAlarms.IndependentDraws);
        Row("healthy conntrack, 14,116 ports", (seed, n) => FalseAlarms.Conntrack(seed, n, 14_116));
        Row("healthy conntrack, 1,000 ports", (seed, n) => FalseAlarms.Conntrack(seed, n, 1000));
        Row("one pod 2 s slower at 500/s", FalseAlarms.OneSlowPod);
        Row("5 % errors from every pod, delivery", FalseAlarms.EvenErrors);
        Row("shares at the edge of the tolerance", FalseAlarms.EdgeOfTolerance, evenIsAnError: true);
        return kept;

        void Row(string name, Func<ulong, int, FalseAlarmRun> simulate, bool evenIsAnError = false)
        {
            var watch = Stopwatch.StartNew();
            var results = Enumerable.Range(1, runs).Select(seed => simulate((ulong)seed, connections)).ToList();
            var alarms = results.Count(r => r.Alarm);
            var even = results.Count(r => r.Even);
            kept &= alarms <= FalseAlarms.Alpha * runs && (!evenIsAnError || even <= FalseAlarms.Alpha * runs);
            Console.WriteLine(
                $"{name, -38} {alarms, 6} | {results.Count(r => r.ByCompletion), 6} | "
                    + $"{results.Count(r => r.ExactNull), 6} | {results.Count(r => r.ChiSquare), 6}   called even "
                    + $"{even, 6}   observations {results.Average(r => r.Observations), 9:N0}   "
                    + $"{watch.Elapsed.TotalSeconds, 6:N0} s"
            );
        }
    }

    private static bool DetectionTable(int runs)
    {
        var alpha = VerdictOptions.Default.ErrorProbability;
        Console.WriteLine();
        Console.WriteLine(
            $"Connections to a decision at alpha = {alpha}: {runs:N0} runs. Ratio = median / information "
                + "bound ln(1/alpha)/KL."
        );
        Console.WriteLine($"{string.Empty, -58} {"median", 8} {"95 %", 8} {"promise", 16} {"ratio", 6}");
        var kept = true;
        var newPod = (1 - 0.67 * 2 / 3) / 3;
        var stale = -Math.Log(alpha) / ((1 - newPod) * Math.Log((1 - newPod) / 2 * 3) + newPod * Math.Log(newPod * 3));
        // Only every third request succeeds, each of which carries ln 3.
        var delivery = -Math.Log(alpha) / Math.Log(3) * 3;
        Row("even, 3 pods", seed => Detection.Even(seed, 3), 3500, 5200);
        Row("even, 10 pods", seed => Detection.Even(seed, 10));
        Delivery("requests after the recorded event", recorded: true, 60);
        Delivery("no recorded event", recorded: false);
        Stale("onset known", before: 0, known: true, recorded: false);
        Stale("recorded event after 3,000", before: 3000, known: false, recorded: true, 600);
        Stale("unknown onset after 0", before: 0, known: false, recorded: false, 900);
        Stale("unknown onset after 1,000", before: 1000, known: false, recorded: false, 900);
        Stale("unknown onset after 3,000", before: 3000, known: false, recorded: false, 900);
        Conntrack("pod replaced", recorded: true, 600);
        Conntrack("no event", recorded: false);
        return kept;

        void Delivery(string name, bool recorded, double? median = null) =>
            Row($"original delivery, {name}", s => Detection.OriginalDelivery(s, recorded), median, bound: delivery);

        void Stale(string name, int before, bool known, bool recorded, double? median = null) =>
            Row($"stale shares, {name}", s => Detection.StaleShares(s, before, known, recorded), median, bound: stale);

        void Conntrack(string name, bool recorded, double? median = null) =>
            Row(
                $"stale conntrack by its mechanism, {name}",
                s => Detection.StaleConntrack(s, recorded),
                median,
                bound: stale
            );

        void Row(
            string name,
            Func<ulong, double> simulate,
            double? median = null,
            double? high = null,
            double? bound = null
        )
        {
            var results = Enumerable
                .Range(1, runs)
                .Select(seed => simulate((ulong)seed))
                .Where(r => !double.IsNaN(r))
                .Order()
                .ToList();
            var (middle, upper) = (results[results.Count / 2], results[(int)(0.95 * results.Count)]);
            kept &= !(middle > median) && !(upper > high);
            var promise = median is null
                ? string.Empty
                : $"{median:N0}" + (high is null ? string.Empty : $" / {high:N0}");
            var ratio = bound is { } b ? $"{middle / b:0.00}" : string.Empty;
            Console.WriteLine($"{name, -58} {middle, 8:N0} {upper, 8:N0} {promise, 16} {ratio, 6}");
        }
    }
}
