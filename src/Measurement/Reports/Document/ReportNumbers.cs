using System.Globalization;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.Measurement.Reports.Document;

/// <summary>Whether the numbers of a report that is read agree with one another: a report that was edited, or that
/// another program wrote, is not printed as if they did.</summary>
internal static class ReportNumbers
{
    /// <summary>Shares and differences are written with all digits; no more than the rounding of a sum is
    /// allowed.</summary>
    private const double Rounding = 1e-6;

    /// <summary>Longest time since the load began, s: thirty years.</summary>
    private const double MaxSeconds = 1e9;

    /// <summary>Years in which a load may begin: the clock of an event is a date, too.</summary>
    private const int FirstYear = 1900,
        LastYear = 9000;

    /// <exception cref="InvalidDataException">Some do not; the message says which field has which value.</exception>
    public static void Check(ReportDocument document)
    {
        CheckTimes(document);
        for (var i = 0; i < document.Phases.Length; i++)
            Check(document.Phases[i], $"phases[{i}]", document.IsObserved);
        if (document.Totals is { } totals)
            Check(totals, document);
        for (var i = 0; i < document.Reconciliation.Length; i++)
        {
            var r = document.Reconciliation[i];
            if (!IsNear(r.Difference, r.RightCount - r.LeftCount))
                throw Contradiction(
                    $"reconciliation[{i}].difference",
                    r.Difference,
                    $"rightCount {Text(r.RightCount)} - leftCount {Text(r.LeftCount)}"
                );
        }
    }

    private static void CheckTimes(ReportDocument document)
    {
        if (document.StartedAt.Year is < FirstYear or > LastYear)
            throw new InvalidDataException(
                $"startedAt is {document.StartedAt.ToString("O", CultureInfo.InvariantCulture)}: expected a year from "
                    + $"{FirstYear} to {LastYear}"
            );
        for (var i = 0; i < document.Events.Length; i++)
            Time($"events[{i}].at", document.Events[i].At);
        for (var i = 0; i < document.Phases.Length; i++)
        {
            Time($"phases[{i}].start", document.Phases[i].Start);
            Time($"phases[{i}].seconds", document.Phases[i].Seconds);
        }
        for (var i = 0; i < document.Onsets.Length; i++)
        {
            var onset = document.Onsets[i];
            Time($"onsets[{i}].at", onset.At);
            Time($"onsets[{i}].alarmAt", onset.AlarmAt);
            Time($"onsets[{i}].endAt", onset.EndAt);
            Time($"onsets[{i}].support.from", onset.Support?.From);
            Time($"onsets[{i}].support.to", onset.Support?.To);
        }
        for (var i = 0; i < document.Series.At.Length; i++)
            Time($"series.at[{i}]", document.Series.At[i]);
    }

    private static void Time(string field, double? seconds)
    {
        if (seconds is { } value && !(Math.Abs(value) <= MaxSeconds))
            throw Contradiction(field, value, $"a time from -{Text(MaxSeconds)} to {Text(MaxSeconds)} s");
    }

    private static void Check(TotalsInfo totals, ReportDocument document)
    {
        Equal("totals.requests", totals.Requests, "ok + failures", totals.Ok + totals.Failures);
        Check("requests", totals.Requests, p => p.Requests);
        Check("notSent", totals.NotSent, p => p.NotSent);
        Check("ok", totals.Ok, p => p.Ok);
        Check("failures", totals.Failures, p => p.Failures);

        void Check(string field, long value, Func<PhaseInfo, long> ofPhase)
        {
            var sum = document.Phases.Sum(ofPhase);
            // The last requests of a run that is under way, or that ended early, are in no phase yet.
            if (document.EndedEarly is null && !document.Expectations.IsEmpty)
                Equal($"totals.{field}", value, "the sum over phases", sum);
            else
                AtMost($"the sum of {field} over phases", sum, $"totals.{field}", value);
        }
    }

    private static void Check(PhaseInfo phase, string at, bool isObserved)
    {
        Equal($"{at}.requests", phase.Requests, "ok + failures", phase.Ok + phase.Failures);
        if (!phase.StatusUnknown)
        {
            var answers = phase.ByStatus.Values.Sum();
            Equal($"{at}.requests", phase.Requests, "byStatus + unanswered", answers + phase.Unanswered.Values.Sum());
            long Of(Func<int, bool> isSuccess) => phase.ByStatus.Where(s => isSuccess(s.Key)).Sum(s => s.Value);
            // Earlier versions counted 3xx as failures.
            if (phase.Ok != Of(status => status is >= 200 and < 300))
                Equal($"{at}.ok", phase.Ok, "the successes of byStatus", Of(ResponseStatus.IsSuccess));
        }
        Proportion($"{at}.successRate", phase.SuccessRate);
        Check(phase.Selection, $"{at}.selection");
        Check(phase.Delivery, $"{at}.delivery");
        if (phase.Locality is { } locality)
        {
            Proportion($"{at}.locality.share", locality.Share);
            AtMost($"{at}.locality.expected", locality.Expected, "1", 1);
        }
        for (var i = 0; i < phase.Pods.Length; i++)
            Check(phase.Pods[i], $"{at}.pods[{i}]");
        // What is only observed is counted in scrapes, and rounded for each Pod.
        if (isObserved)
            return;
        AtMost($"{at}.pods: the sum of ok", phase.Pods.Sum(p => p.Ok), $"{at}.ok", phase.Ok);
        AtMost($"{at}.pods: the sum of failed", phase.Pods.Sum(p => p.Failed), $"{at}.failures", phase.Failures);
    }

    private static void Check(PodInfo pod, string at)
    {
        AtMost($"{at}.expected", pod.Expected, "1", 1);
        Proportion($"{at}.selectionShare", pod.SelectionShare);
        Proportion($"{at}.deliveryShare", pod.DeliveryShare);
        Proportion($"{at}.successRate", pod.SuccessRate);
    }

    private static void Check(VerdictInfo verdict, string at)
    {
        AtMost($"{at}.unattributed", verdict.Unattributed, "connections", verdict.Connections);
        if (verdict.ErrorProbability is { } probability)
            AtMost($"{at}.errorProbability", probability, "1", 1);
    }

    /// <summary>0 ≤ lower ≤ estimate ≤ upper ≤ 1.</summary>
    private static void Proportion(string at, IntervalInfo interval)
    {
        AtMost($"{at}.upper", interval.Upper, "1", 1);
        AtMost($"{at}.lower", interval.Lower, "upper", interval.Upper);
        if (interval.Estimate is not { } estimate)
            return;
        AtMost($"{at}.estimate", estimate, "upper", interval.Upper);
        AtMost($"{at}.lower", interval.Lower, "estimate", estimate);
    }

    private static void Equal(string field, long value, string what, long expected)
    {
        if (value != expected)
            throw Contradiction(field, value, $"{what}, which is {Text(expected)}");
    }

    private static void AtMost(string field, double value, string what, double limit)
    {
        if (value > limit && !IsNear(value, limit))
            throw Contradiction(
                field,
                value,
                what == Text(limit) ? $"at most {what}" : $"at most {what} {Text(limit)}"
            );
    }

    private static bool IsNear(double a, double b) => Math.Abs(a - b) <= Rounding * Math.Max(1, Math.Abs(b));

    private static InvalidDataException Contradiction(string field, double value, string expected) =>
        new($"{field} is {Text(value)}: expected {expected}");

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
