using System.Collections.Immutable;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;

namespace CiliumDebugging.Measurement.Reports.Compare;

/// <summary>Whether a quantity differs between two runs.</summary>
public enum Change
{
    /// <summary>The two intervals overlap: the runs do not tell.</summary>
    NotShown,

    /// <summary>It is higher in the second run.</summary>
    Higher,

    /// <summary>It is lower in the second run.</summary>
    Lower,

    /// <summary>One of the two has no error bound, so that nothing can be claimed.</summary>
    NoErrorProbability,
}

/// <summary>What is said of a <see cref="Change"/>.</summary>
public static class Changes
{
    /// <summary>Whether the quantity is said to differ.</summary>
    public static bool IsClaimed(this Change change) => change is Change.Higher or Change.Lower;
}

/// <summary>One quantity in both runs.</summary>
/// <param name="Unit"><c>%</c> or <c>ms</c>; values are in it.</param>
public sealed record ComparedQuantity(
    string Phase,
    string What,
    string Unit,
    IntervalInfo Before,
    IntervalInfo After,
    Change Change
)
{
    /// <summary>Second minus first: the interval that follows from the two, with the sum of their error
    /// probabilities.</summary>
    public IntervalInfo Difference =>
        new(After.Estimate - Before.Estimate, After.Lower - Before.Upper, After.Upper - Before.Lower);
}

/// <summary>A comparison of two runs.</summary>
/// <param name="Differences">What differs beside the measurements: versions, settings, load, verdicts,
/// diagnoses.</param>
/// <param name="Quantities">Success rates, shares and latencies.</param>
/// <param name="Unmatched">Phases and Pods that only one of the runs has, or that cannot be
/// distinguished.</param>
public sealed record Comparison(
    ImmutableArray<string> Differences,
    ImmutableArray<ComparedQuantity> Quantities,
    ImmutableArray<string> Unmatched
)
{
    /// <summary>What must be known of the two runs before everything else: that they are emulated, or a prediction, or
    /// nothing is concluded from them.</summary>
    public ImmutableArray<string> Notices { get; init; } = [];

    /// <summary>Phases whose lengths differ by a smaller part are equally long.</summary>
    private const double SameLength = 0.1;

    /// <summary>
    /// Every interval of a report misses with at most this probability: 1e-4, and the same again for a share beside the
    /// verdict "even", which bounds it as well. A claimed change is wrong with at most twice of it.
    /// </summary>
    public const double IntervalErrorProbability = 2e-4;

    /// <summary>Whether anything measured changed.</summary>
    public bool Changed => Quantities.Any(q => q.Change.IsClaimed());

    /// <summary>The result in one line.</summary>
    public string Summary
    {
        get
        {
            var changed = Quantities.Count(q => q.Change.IsClaimed());
            if (Quantities.Length > 0 && Quantities.All(q => q.Change is Change.NoErrorProbability))
                return "Nothing is concluded: no quantity of these runs has an error bound";
            if (changed > 0)
                return $"{changed} of {Quantities.Length} quantities changed";
            return Differences.IsEmpty && Unmatched.IsEmpty
                ? $"Nothing changed: none of {Quantities.Length} quantities differs by more than chance"
                : $"Nothing measured changed: none of {Quantities.Length} quantities differs by more than chance; "
                    + "the runs differ in:";
        }
    }

    /// <summary>Compares two runs, phase by phase of the same name. A change is claimed only where the two intervals
    /// have nothing in common.</summary>
    public static Comparison Of(ReportDocument before, ReportDocument after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        // What one of them leaves out is unknown, and no difference: both are compared without it.
        if (before.Redacted != after.Redacted)
            (before, after) = before.Redacted ? (before, Redaction.Apply(after)) : (Redaction.Apply(before), after);
        var quantities = ImmutableArray.CreateBuilder<ComparedQuantity>();
        var unmatched = ImmutableArray.CreateBuilder<string>();
        var differences = ImmutableArray.CreateBuilder<string>();
        void Differs(string what, string? a, string? b)
        {
            if (a != b)
                differences.Add($"{what}: {a ?? "none"} → {b ?? "none"}");
        }
        var isConcluded = before.MachineGate is null && after.MachineGate is null;
        Differs("scenario", before.Scenario.Name, after.Scenario.Name);
        Differs("cluster", before.Cluster.Kind, after.Cluster.Kind);
        Differs("Cilium", before.Cluster.CiliumVersion, after.Cluster.CiliumVersion);
        static string Protocol(LoadInfo load) => load.Http2 ? "HTTP/2" : "HTTP/1.1";
        static string Load(LoadInfo load) => $"{load.Method} {load.Url} {load.RatePerSecond:0.##}/s";
        Differs("load", Load(before.Load), Load(after.Load));
        Differs("kept connections", $"{before.Load.KeptConnections}", $"{after.Load.KeptConnections}");
        Differs("protocol", Protocol(before.Load), Protocol(after.Load));
        Differs("client ports", before.Load.Ports ?? "random", after.Load.Ports ?? "random");
        Differs("ended early", before.EndedEarly, after.EndedEarly);
        var (then, now) = (before.Cluster.Settings, after.Cluster.Settings);
        foreach (var key in then.Keys.Union(now.Keys).Order(StringComparer.Ordinal))
            Differs($"setting {key}", then.GetValueOrDefault(key), now.GetValueOrDefault(key));
        var (lostBefore, lostAfter) = (LostInChanges(before), LostInChanges(after));
        if (lostBefore.Failures > 0 != lostAfter.Failures > 0)
            Differs("failures while the cluster was changing", lostBefore.Words, lostAfter.Words);
        ComparedPhases.AddCounts(
            "while changing",
            WhileChanging(before),
            WhileChanging(after),
            isConcluded,
            quantities
        );
        if (before.Totals is { } sent && after.Totals is { } sentAfter)
            ComparedPhases.AddCounts(
                "whole run",
                (sent.Ok, sent.Requests),
                (sentAfter.Ok, sentAfter.Requests),
                isConcluded,
                quantities
            );
        // Phases of the same name are compared in their order.
        var (first, second) = (Evaluated(before), Evaluated(after));
        foreach (var a in first)
        {
            if (second.Find(p => p.Name == a.Name) is not { } b)
            {
                unmatched.Add(Only(a, "first"));
                continue;
            }
            second.Remove(b);
            if (Math.Abs(a.Seconds - b.Seconds) > SameLength * Math.Max(a.Seconds, b.Seconds))
                Differs($"{a.Name}: length", $"{a.Seconds:0.0} s", $"{b.Seconds:0.0} s");
            Differs($"{a.Name}: delivery", a.Delivery.Kind, b.Delivery.Kind);
            Differs($"{a.Name}: diagnosis", a.Diagnosis?.Name, b.Diagnosis?.Name);
            ComparedPhases.Add(a, b, isConcluded, quantities, unmatched);
        }
        unmatched.AddRange(second.Select(b => Only(b, "second")));
        return new Comparison(differences.ToImmutable(), quantities.ToImmutable(), unmatched.ToImmutable())
        {
            Notices = [.. Noticed(before, "first"), .. Noticed(after, "second")],
        };
    }

    private static IEnumerable<string> Noticed(ReportDocument document, string which)
    {
        if (document.Cluster.Notice.Length > 0)
            yield return $"{which} run: {document.Cluster.Notice}";
        if (document.MachineGate is { } gate)
            yield return $"{which} run: nothing is concluded, because {gate}";
    }

    private static string Only(PhaseInfo phase, string which) =>
        $"phase {phase.Name}: only in the {which} run"
        + (phase.Failures > 0 ? $"; {phase.Failures} of {phase.Requests} requests failed" : "");

    private static List<PhaseInfo> Evaluated(ReportDocument document) => [.. document.Phases.Where(p => p.IsEvaluated)];

    private static (long Ok, long Requests) WhileChanging(ReportDocument document)
    {
        var changes = document.Phases.Where(p => !p.IsEvaluated).ToList();
        return (changes.Sum(p => p.Ok), changes.Sum(p => p.Requests));
    }

    private static (long Failures, string Words) LostInChanges(ReportDocument document)
    {
        var (ok, requests) = WhileChanging(document);
        return (requests - ok, $"{requests - ok} of {requests} requests");
    }
}
