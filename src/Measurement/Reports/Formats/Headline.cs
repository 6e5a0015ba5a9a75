using CiliumDebugging.Measurement.Reports.Document;
using static CiliumDebugging.Measurement.Reports.Formats.Md;

namespace CiliumDebugging.Measurement.Reports.Formats;

/// <summary>Parts of a report in words, the same in every format; not escaped.</summary>
internal static class Headline
{
    /// <summary>The last phase in one sentence.</summary>
    public static string Of(ReportDocument document)
    {
        var phase = document.Phases[^1];
        var share = phase.Requests == 0 ? 0 : 100.0 * phase.Failures / phase.Requests;
        var failed =
            phase.StatusUnknown ? "how the requests ended is not known"
            : phase.Failures == 0 ? "no request failed"
            : F($"{phase.Failures} of {phase.Requests} requests failed ({share:0.0} %)");
        var verdict = phase.Delivery.Kind switch
        {
            "skewed" when phase.Delivery.ErrorProbability is { } alpha => F(
                $"delivery is skewed ({(phase.Delivery.ScrapeIntervals > 0 ? "asymptotic " : "")}error probability {alpha:0.##E+0})"
            ),
            "skewed" => "delivery is skewed (no error probability)",
            "even" => "delivery is even",
            _ => "delivery is undecided",
        };
        var unchosen = phase.Pods.Count(p => p.Expected == 0);
        if (unchosen > 0 && unchosen < phase.Pods.Length)
            verdict += F(
                $" among the {phase.Pods.Length - unchosen} of {phase.Pods.Length} pods that are to be chosen"
            );
        return $"{char.ToUpperInvariant(verdict[0])}{verdict[1..]}; {failed}.";
    }

    /// <summary>An onset in one sentence.</summary>
    public static string Of(OnsetInfo onset) =>
        F(
            $"Delivery is skewed since {onset.At ?? 0:0.0} s ({(onset.Events.IsEmpty ? "no recorded event" : string.Join(", ", onset.Events))}); {Support(onset)}alarm at {onset.AlarmAt:0.0} s, false with probability at most {onset.ErrorProbability:0.##E+0}{End(onset)}"
        );

    private static string Support(OnsetInfo onset) =>
        onset.Support is { } support && support.To > support.From
            ? F($"possibly from {support.From:0.0} to {support.To:0.0} s; ")
            : "";

    private static string End(OnsetInfo onset) =>
        onset.End switch
        {
            "recovered" => F($"; recovered, found even at {onset.EndAt ?? 0:0.0} s"),
            "backends-changed" => F(
                $"; the backends changed at {onset.EndAt ?? 0:0.0} s before it was known to have ended"
            ),
            _ => "",
        };

    /// <summary>The four measures of unevenness in one line.</summary>
    public static string Of(MeasuresInfo m) =>
        F(
            $"max/mean {Number(m.MaxOverMean)}, Jain {Number(m.Jain)}, total variation {Number(m.TotalVariation)}, effective backends {Number(m.EffectiveBackends)}"
        );

    /// <summary>The share that stays on the clients' node, in one line.</summary>
    public static string Of(LocalityInfo locality) =>
        F($"{Of(locality.Share)} stays on the clients' node, expected {locality.Expected * 100:0.#} %");

    private static string Number(IntervalInfo interval) =>
        F(
            $"{(interval.Estimate is { } estimate ? F($"{estimate:0.##}") : "–")} [{interval.Lower:0.##}–{interval.Upper:0.##}]"
        );

    /// <summary>A proportion in percent, with its interval.</summary>
    public static string Of(IntervalInfo interval) =>
        F(
            $"{(interval.Estimate is { } estimate ? F($"{estimate * 100:0.#} %") : "–")} [{interval.Lower * 100:0.#}–{interval.Upper * 100:0.#}]"
        );

    /// <summary>Where HTTP rules stand.</summary>
    public static string Of(HttpRulesInfo rules) =>
        (rules.Client, rules.Backends) switch
        {
            (true, true) => "on the client's egress and on the backends' ingress",
            (true, false) => "on the client's egress only",
            (false, true) => "on the backends' ingress only",
            _ => "none",
        };

    /// <summary>What failed, by status and kind; empty when nothing did.</summary>
    public static string Failures(PhaseInfo phase) =>
        string.Join(
            ", ",
            phase
                .ByStatus.Where(s => s.Key is < 200 or >= 300)
                .Select(s => F($"{s.Value} × {s.Key}"))
                .Concat(phase.Unanswered.Select(u => F($"{u.Value} × {u.Key}")))
        );
}
