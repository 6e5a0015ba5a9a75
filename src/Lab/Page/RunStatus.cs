using System.Globalization;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Page;

/// <summary>What goes on, in words: the first thing a reader sees, in every place where the lab shows itself.</summary>
/// <param name="Kind"><c>waiting</c>, <c>balanced</c>, <c>failing</c>, <c>skewed</c> or <c>recovered</c>.</param>
/// <param name="Headline">One line.</param>
/// <param name="Answers">Which Pods answer.</param>
/// <param name="Silent">Which do not, and what becomes of their requests; empty when all answer.</param>
/// <param name="Since">Since when; empty when there is nothing to date.</param>
/// <param name="After">After which event; empty when there is nothing to date.</param>
/// <param name="Hop">At which hop; empty when unknown.</param>
/// <param name="Why">Why, as far as it is known.</param>
public sealed record RunStatus(
    string Kind,
    string Headline,
    string Answers,
    string Silent,
    string Since,
    string After,
    string Hop,
    string Why
)
{
    /// <summary>A Pod with less than this part of its fair load is short of it.</summary>
    private const double Short = 0.5;

    /// <summary>With fewer successes to be expected in the window, the whole phase decides. A window that is still short after a change needs more: half of 20 or less comes by chance in one look of 100.</summary>
    private const double Enough = 4,
        EnoughSoon = 20;

    /// <summary>A window that is long enough to be no longer a short one, s.</summary>
    private const double LongWindow = 2;

    /// <summary>A short window decides sooner where chance would leave a Pod so few successes less than once in 1,000 looks.</summary>
    private static readonly double s_improbable = Math.Log(1000);

    /// <summary>Below this many failures a second none is under way: the window forgets slowly.</summary>
    private const double Few = 0.05;

    /// <summary>A time of day without its date is understood for less than this, s.</summary>
    private const double SameDaySeconds = 20 * 3600;

    /// <summary>There is no load.</summary>
    public static RunStatus None { get; } =
        new(
            "waiting",
            "No load yet",
            "No request has been sent.",
            "",
            "",
            "",
            "",
            "Start a scenario, or the load alone to make changes by hand."
        );

    /// <summary>How a Pod does: <c>answers</c>, <c>short</c> or <c>silent</c>.</summary>
    /// <param name="okPerSecond">Its 2xx per second.</param>
    /// <param name="ok">Its 2xx in the phase.</param>
    /// <param name="fairPerSecond">What it should have of the requests, per second.</param>
    /// <param name="fair">The same over the phase.</param>
    /// <param name="window">What the rates are averages over, s.</param>
    public static string StateOf(double okPerSecond, double ok, double fairPerSecond, double fair, double window)
    {
        var inWindow = fairPerSecond * window;
        var decides =
            window >= LongWindow
                ? inWindow >= Enough
                : inWindow >= EnoughSoon || Surprise(okPerSecond * window, inWindow) >= s_improbable;
        var (seen, due) = decides ? (okPerSecond, fairPerSecond) : (ok, fair);
        if (due <= 0 || (!decides && fair < Enough))
            return "answers";
        return seen <= due * 0.02 ? "silent"
            : seen < due * Short ? "short"
            : "answers";
    }

    /// <summary>
    /// Chernoff's bound for so few of a Poisson number or fewer, P(X ≤ seen) ≤ e^−(due − seen + seen ln(seen/due)), as −ln P; 0 where no fewer came than were due. 7 expected and none seen are 7.
    /// </summary>
    private static double Surprise(double seen, double due) =>
        seen >= due ? 0 : due - seen + (seen > 0 ? seen * Math.Log(seen / due) : 0);

    /// <summary>From the run as it stands.</summary>
    /// <param name="report">The run.</param>
    /// <param name="live">What the client sees; with no load any more the whole last phase counts.</param>
    /// <param name="clock">The zone in which moments are said as time of day; null: as seconds of the run.</param>
    public static RunStatus Of(RunReport report, LiveRates live, TimeZoneInfo? clock = null)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(live);
        var phase = report.Phases[^1];
        if (phase.Requests == 0 && live.Pods.IsEmpty)
            return None with { Headline = "The load has begun", Answers = "No request has an outcome yet.", Why = "" };
        var unchosen = phase.Delivery.Successes.Shares.Count(s => s.Expected == 0);
        var states = phase
            .Pods.Where((p, i) => unchosen == 0 || phase.Delivery.Successes.Shares[i].Expected > 0)
            .Select(p => (Pod: p, State: StateIn(phase, p, live)))
            .ToList();
        var answering = states.Where(s => s.State is "answers").Select(s => s.Pod).ToList();
        var missing = states.Where(s => s.State is not "answers").Select(s => s.Pod).ToList();
        var failing = live.Pods.IsEmpty ? phase.Failures > 0 : live.FailedPerSecond > Few;
        var kind =
            failing ? "failing"
            : missing.Count > 0 ? "skewed"
            : Disturbed(report) ? "recovered"
            : phase.Delivery.Successes.Kind is VerdictKind.Skewed ? "skewed"
            : "balanced";
        var moment = Moments(report, live.At, clock);
        var (since, after) = kind switch
        {
            "balanced" => ("", ""),
            "recovered" => Began(report, phase, moment),
            _ => Onset(report, phase, moment),
        };
        var diagnosis =
            phase.Diagnosis is { Name: not ("even" or "unknown") } named
            && (kind is "failing" or "skewed" || unchosen > 0)
                ? phase.Diagnosis
                : null;
        // Pods that should get nothing (traffic policy, zone hints) are none that are missing.
        var total = phase.Pods.Length - unchosen;
        var all =
            unchosen > 0 ? $"all pods that should get load answer ({total} of {phase.Pods.Length})"
            : total == 1 ? "the only pod answers"
            : $"all {total} pods answer";
        var atFirst = char.ToUpperInvariant(all[0]) + all[1..];
        return new RunStatus(
            kind,
            kind switch
            {
                "balanced" => atFirst,
                "recovered" => $"Recovered: {all}",
                _ when missing.Count == 0 => failing ? $"{atFirst}, and requests fail" : $"{atFirst}, unevenly",
                _ => $"{answering.Count} of {total} pods answer{(answering.Count == 1 ? "s" : "")}",
            },
            answering.Count == 0 ? "No pod answers." : Names(answering, phase, live),
            missing.Count == 0 ? "" : Missing(missing, phase, live),
            since,
            after,
            diagnosis?.Hop ?? "",
            Reason(kind, phase, diagnosis?.Sentence)
        );
    }

    private static string StateIn(PhaseReport phase, PodPhase pod, LiveRates live)
    {
        var seconds = Math.Max(phase.Seconds, 1e-9);
        var expected = phase.Delivery.Successes.Shares[phase.Pods.IndexOf(pod)].Expected;
        var rate = live.Pods.IsEmpty
            ? pod.Ok / seconds
            : live.Pods.FirstOrDefault(p => p.Pod?.Name == pod.Pod.Name)?.OkPerSecond ?? 0;
        return StateOf(rate, pod.Ok, OfferedPerSecond(phase, live) * expected, phase.Requests * expected, live.Window);
    }

    /// <summary>
    /// What is asked of the Pods together: what has an outcome, or what the busiest Pod's rate would be if all had as much, because failures have their outcome only after the proxy's retries.
    /// </summary>
    internal static double OfferedPerSecond(PhaseReport phase, LiveRates live)
    {
        if (live.Pods.IsEmpty)
            return phase.Requests / Math.Max(phase.Seconds, 1e-9);
        var expected = phase.Delivery.Successes.Shares.ToDictionary(
            s => s.Backend,
            s => s.Expected,
            StringComparer.Ordinal
        );
        var busiest = live
            .Pods.Where(p => p.Pod is not null && expected.GetValueOrDefault(p.Pod.Name) > 0)
            .Select(p => p.OkPerSecond / expected[p.Pod!.Name])
            .DefaultIfEmpty(0)
            .Max();
        return Math.Max(live.OkPerSecond + live.FailedPerSecond, busiest);
    }

    /// <summary>Whether the run saw skew or failures before, and the current phase has seen neither.</summary>
    private static bool Disturbed(RunReport report) =>
        report.Phases[^1].Delivery.Successes.Kind is not VerdictKind.Skewed
        && (report.Status.EpisodesTotal > 0 || report.Phases.SkipLast(1).Any(p => p.Failures > 0));

    private static string Names(List<PodPhase> pods, PhaseReport phase, LiveRates live)
    {
        var rate = pods.Sum(p => RateOf(p, phase, live));
        var which =
            pods.Count <= 3
                ? string.Join(
                    ", ",
                    pods.Select(p => $"{p.Pod.Name} on {p.Pod.Node}{(p.OnClientNode ? " (the client's node)" : "")}")
                )
                : $"{pods.Count} pods";
        return F($"{which}: {rate:0.0} {Unit(phase)}");
    }

    private static string Missing(List<PodPhase> pods, PhaseReport phase, LiveRates live)
    {
        var failed = live.Pods.IsEmpty ? phase.Failures / Math.Max(phase.Seconds, 1e-9) : live.FailedPerSecond;
        var status = phase
            .ByStatus.Where(s => s.Key >= 400)
            .OrderByDescending(s => s.Value)
            .Select(s => F($"{s.Key}"))
            .FirstOrDefault()
            ?? phase.Unanswered.OrderByDescending(u => u.Value).Select(u => u.Key).FirstOrDefault();
        var which =
            pods.Count <= 4
                ? string.Join(", ", pods.Select(p => $"{p.Pod.Name} on {p.Pod.Node}"))
                : $"{pods.Count} pods on {pods.Select(p => p.Pod.Node).Distinct().Count()} nodes";
        var ends =
            phase.StatusUnknown ? "how requests end is not known"
            : failed <= Few ? "no request fails"
            : F($"{failed:0.0} requests/s {(status is null ? "fail" : $"end in {status}")}");
        return F($"{which}: {pods.Sum(p => RateOf(p, phase, live)):0.0} {Unit(phase)}; {ends}");
    }

    private static string Unit(PhaseReport phase) => phase.StatusUnknown ? "requests/s" : "successes/s";

    private static double RateOf(PodPhase pod, PhaseReport phase, LiveRates live) =>
        live.Pods.IsEmpty
            ? pod.Ok / Math.Max(phase.Seconds, 1e-9)
            : live.Pods.FirstOrDefault(p => p.Pod?.Name == pod.Pod.Name)?.OkPerSecond ?? 0;

    private static (string Since, string After) Onset(RunReport report, PhaseReport phase, Func<double, string> moment)
    {
        if (report.Status.Episodes is [.., { End: EpisodeEnd.Open } open] && open.Onset.Best.At is { } at)
        {
            // A change takes its time to reach every node: the evidence may date the onset after it. How long after is said.
            var cause =
                open.Onset.Events.IsEmpty && report.Details.Events.LastOrDefault(e => e.At <= at) is { } before
                    ? F($"{before.Name} ({(at - before.At).TotalSeconds:0.0} s before)")
                    : open.Onset.DescribeEvents();
            return (moment(at.TotalSeconds), cause);
        }
        return Began(report, phase, moment);
    }

    /// <summary>No onset is established (yet): the phase's own beginning, and what was done before it.</summary>
    private static (string Since, string After) Began(RunReport report, PhaseReport phase, Func<double, string> moment)
    {
        var cause = report.Details.Events.LastOrDefault(e => e.At.TotalSeconds <= phase.Start + 1e-9);
        return (moment(cause?.At.TotalSeconds ?? phase.Start), cause?.Name ?? "no recorded event");
    }

    /// <summary>
    /// Moments as seconds of the run, or as time of day, with the date where that is not of the last day.
    /// </summary>
    private static Func<double, string> Moments(RunReport report, double now, TimeZoneInfo? clock) =>
        seconds =>
        {
            if (clock is null)
                return F($"{seconds:0.0} s");
            var moment = TimeZoneInfo.ConvertTime(report.Details.StartedAt.AddSeconds(seconds), clock);
            return now - seconds < SameDaySeconds ? F($"{moment:HH:mm:ss}") : F($"{moment:yyyy-MM-dd HH:mm:ss}");
        };

    private static string Reason(string kind, PhaseReport phase, string? sentence)
    {
        if (sentence is not null)
            return sentence;
        var verdict = phase.Delivery.Successes;
        var more = verdict.FurtherConnections is { } further
            ? F($"; a decision is expected after about {further} more requests")
            : "";
        var succeeds = phase.StatusUnknown ? "How requests end is not known" : "Every request succeeds";
        return kind switch
        {
            "failing" or "skewed" => phase.Diagnosis is { Name: "unknown" } unknown && phase.Requests >= 50
                ? unknown.Sentence
                : "Collecting evidence; no mechanism is named yet.",
            _ when verdict.Kind is VerdictKind.Even => F(
                $"{succeeds} and the shares are even within ±{verdict.Tolerance * 100:0.#} %."
            ),
            "recovered" => $"No failure and no skew found since{more}.",
            _ => $"{succeeds} and no skew is found{more}.",
        };
    }

    private static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
