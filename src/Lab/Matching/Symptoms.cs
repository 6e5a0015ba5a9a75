using System.Collections.Immutable;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Releases;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.Lab.Matching;

/// <summary>What is seen of a problem. Null is unknown.</summary>
public sealed record Symptoms
{
    /// <summary>Fewer requests than this for each Pod do not show whether one answers.</summary>
    private const int RequestsForEachPod = 10;

    /// <summary>The problem in words; empty: none are given.</summary>
    public string Words { get; init; } = "";

    /// <summary>Name of the diagnosis; <c>even</c>, <c>undecided</c> or <c>unknown</c> where no mechanism is named.</summary>
    public string? Diagnosis { get; init; }

    /// <summary>Whether requests fail.</summary>
    public bool? Failing { get; init; }

    /// <summary>The HTTP status that failed requests have, 100 to 599.</summary>
    public int? Status { get; init; }

    /// <summary>Pods behind the Service.</summary>
    public int? Pods { get; init; }

    /// <summary>Those of them that answer with success.</summary>
    public int? Answering { get; init; }

    /// <summary>Whether the successes are skewed.</summary>
    public bool? Skewed { get; init; }

    /// <summary>Whether a Pod has been replaced by another one.</summary>
    public bool? Replaced { get; init; }

    /// <summary>Whether the clients keep their connections open.</summary>
    public bool? KeepAlive { get; init; }

    /// <summary>Whether the clients use HTTP/2.</summary>
    public bool? Http2 { get; init; }

    /// <summary>Where HTTP rules apply: on egress of the client, on ingress of the backends.</summary>
    public (bool Client, bool Backends)? HttpRules { get; init; }

    /// <summary>The release of Cilium.</summary>
    public CiliumVersion? Release { get; init; }

    /// <summary>Data of cilium-config; null when unknown.</summary>
    public ImmutableSortedDictionary<string, string>? Settings { get; init; }

    /// <summary>Whether it is an emulated cluster, which has settings that no other one has.</summary>
    public bool IsEmulated { get; init; }

    /// <summary>What a report shows: of its last phase (where no request of it failed, of the one in which most did),
    /// and of the changes before it.</summary>
    public static Symptoms Of(ReportDocument report)
    {
        ArgumentNullException.ThrowIfNull(report);
        // What is only observed says nothing of its clients' connections, and of no Pod why it changed.
        var (last, isRun) = (report.Latest, !report.IsObserved);
        if (
            last.Failures == 0
            && report.Phases.Where(p => p is { IsEvaluated: true, Failures: > 0 }).MaxBy(p => p.Failures) is { } worst
        )
            last = worst;
        var pods = last.Pods.Length;
        var failures = last.ByStatus.Where(s => !ResponseStatus.IsSuccess(s.Key)).ToList();
        var isReplaced = IsReplaced(report);
        var isEnough = last.Requests >= RequestsForEachPod * pods && !last.StatusUnknown;
        return new Symptoms
        {
            // What a change of policies or settings loses is over: the phase after it shows the state.
            Diagnosis =
                isRun && !isReplaced && report.Diagnosis.Name == ChangeDiagnosis.FailuresDuringChange
                    ? last.Diagnosis?.Name
                    : report.Diagnosis.Name,
            Failing = last.StatusUnknown ? null : last.Failures > 0,
            Status = failures is [var only] && only.Value == last.Failures ? only.Key : null,
            Pods = pods,
            // Who answers is known where each answer names its Pod.
            Answering =
                !isEnough ? null
                : last.Ok == 0 ? 0
                : 2 * last.Pods.Sum(p => p.Ok) > last.Ok ? last.Pods.Count(p => p.Ok > 0)
                : null,
            Skewed = last.Delivery.Kind switch
            {
                "skewed" => true,
                "even" => false,
                _ => null,
            },
            Replaced = isRun ? isReplaced : null,
            KeepAlive = isRun ? report.Load.KeptConnections > 0 : null,
            Http2 = isRun ? report.Load.Http2 : null,
            HttpRules = (last.HttpRules.Client, last.HttpRules.Backends),
            Release = CiliumVersion.TryParse(report.Cluster.CiliumVersion, out var release) ? release : null,
            Settings = report.Cluster.Settings,
            IsEmulated = report.Cluster.Kind == "emulated",
        };
    }

    private static bool IsReplaced(ReportDocument report)
    {
        var phases = report.Phases.Where(p => p.IsEvaluated).Select(p => p.Pods.Select(q => q.Name)).ToList();
        return phases is [var first, .., var last] && first.Except(last).Any() && last.Except(first).Any();
    }
}
