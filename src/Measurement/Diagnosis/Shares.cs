using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>Questions that several rules ask.</summary>
internal static class Shares
{
    /// <summary>Fewer connections than this are too few to name a mechanism by which all of them go to some Pods: a
    /// fair choice between two gives that with 2^-20.</summary>
    public const int Enough = 20;

    /// <summary>Answers that name a Pod, as the client counts them.</summary>
    public static long Answers(PodPhase pod) => pod.Ok + pod.Failed;

    /// <summary>The share of the load that the Service asks for, 0 to 1.</summary>
    public static double Expected(PhaseReport phase, PodPhase pod) =>
        phase.Delivery.Successes.Shares[phase.Pods.IndexOf(pod)].Expected;

    /// <summary>Answers of Pods that the Service should not choose.</summary>
    public static long StrayAnswers(PhaseReport phase) => phase.Pods.Where(p => Expected(phase, p) == 0).Sum(Answers);

    /// <summary>Whether every request got a success that names its Pod.</summary>
    public static bool AllSucceed(PhaseReport phase) =>
        phase.Requests > 0 && phase.Failures == 0 && phase.Pods.Sum(Answers) == phase.Requests;

    /// <summary>Whether the load is called skewed.</summary>
    public static bool IsSkewed(PhaseReport phase) =>
        phase.Selection.Kind is VerdictKind.Skewed || phase.Delivery.Successes.Kind is VerdictKind.Skewed;

    /// <summary>Whether the answers are skewed, however they came about: on kept-alive connections they are no
    /// independent choices, so this describes the load and gives no error bound.</summary>
    public static bool RequestsAreSkewed(PhaseReport phase) => AreSkewed(phase, Answers);

    /// <summary>Whether counts of Pods are skewed against equal shares.</summary>
    public static bool AreSkewed(IEnumerable<PodPhase> pods, Func<PodPhase, long> count) =>
        Evaluate(pods, count).Kind is VerdictKind.Skewed;

    /// <summary>Whether counts of all Pods are skewed compared with the shares that the Service asks for.</summary>
    public static bool AreSkewed(PhaseReport phase, Func<PodPhase, long> count) =>
        Evaluate(phase.Pods, count, p => Expected(phase, p)).Kind is VerdictKind.Skewed;

    /// <summary>Compares counts by Pod with equal shares, or the given weights.</summary>
    public static Verdict Evaluate(
        IEnumerable<PodPhase> pods,
        Func<PodPhase, long> count,
        Func<PodPhase, double>? weight = null
    )
    {
        var all = pods.ToList();
        double[] weights = [.. all.Select(p => weight?.Invoke(p) ?? 1)];
        var expected = ExpectedShares.Weighted([.. all.Select(p => p.Pod.Name)], weights);
        return SkewTest.Evaluate(expected, new BackendCounts([.. all.Select(count)], 0));
    }

    /// <summary>Whether exactly these Pods got load, evenly, and the others (at least one) nothing at all; false where
    /// there is too little load to tell.</summary>
    public static bool OnlyThese(PhaseReport phase, Func<PodPhase, bool> these)
    {
        var (chosen, others) = (phase.Pods.Where(these).ToList(), phase.Pods.Where(p => !these(p)).ToList());
        return chosen.Count > 0
            && others.Count > 0
            && others.All(p => Answers(p) == 0 && p.Echo == 0)
            && chosen.All(p => Answers(p) > 0)
            && phase.Requests >= Enough
            && !AreSkewed(chosen, Answers);
    }

    /// <summary>
    /// Whether some Pods account for every failure: nothing but requests without an answer, together with those Pods'
    /// own answers as many as the Service gives them, while the other Pods share the rest evenly.
    /// </summary>
    /// <param name="share">The part of the requests that these Pods were given.</param>
    public static bool AccountForFailures(PhaseReport phase, List<PodPhase> pods, out ShareInterval share)
    {
        var (dropped, others) = (phase.Unanswered.Values.Sum(), phase.Pods.Except(pods).ToList());
        var given = dropped + pods.Sum(Answers);
        share = Proportion.Interval(
            Math.Min(given, phase.Requests),
            phase.Requests,
            VerdictOptions.Default.ErrorProbability
        );
        return pods.Count > 0
            && phase.Requests >= Enough
            && dropped > 0
            && dropped == phase.Failures
            && given + others.Sum(Answers) == phase.Requests
            && (others.Count < 2 || !AreSkewed(others, Answers))
            && share.Contains(Math.Min(1, pods.Sum(p => Expected(phase, p))));
    }

    /// <summary>Names of the phase's Pods that were made since the load began.</summary>
    public static HashSet<string> Young(Evidence evidence) =>
        evidence
            .Phase.Pods.Where(p => evidence.Endpoints.GetValueOrDefault(p.Pod.HubbleName)?.CreatedAt is > 0)
            .Select(p => p.Pod.Name)
            .ToHashSet(StringComparer.Ordinal);

    public static string Names(IEnumerable<PodPhase> pods) => Names(pods.Select(p => p.Pod.Name));

    public static string Names(IEnumerable<string> pods)
    {
        var all = pods.ToList();
        return all.Count <= 4 ? string.Join(", ", all) : $"{string.Join(", ", all.Take(3))} and {all.Count - 3} more";
    }

    public static DiagnosisResult Named(
        string name,
        string sentence,
        string hop,
        ImmutableArray<string> supports,
        ImmutableArray<string> refutes,
        ImmutableArray<string> remedies,
        params ImmutableArray<string> links
    ) =>
        new()
        {
            Name = name,
            Sentence = sentence,
            Hop = hop,
            Supports = supports,
            Refutes = refutes,
            Remedies = remedies,
            Links = links,
        };
}
