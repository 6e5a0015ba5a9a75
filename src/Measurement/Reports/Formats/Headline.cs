using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Measurement.Reports.Formats;

/// <summary>Parts of a report in words, the same in every format; not escaped.</summary>
internal static class Headline
{
    /// <summary>The result: the title of the report.</summary>
    public static string Title(ReportDocument document) => document.Result?.Title ?? document.Scenario.Title;

    /// <summary>The verdict on the last phase in one sentence, and how many of its requests failed.</summary>
    public static string Of(ReportDocument document)
    {
        var phase = document.Latest;
        var share = phase.Requests == 0 ? 0 : 100.0 * phase.Failures / phase.Requests;
        var failed =
            phase.StatusUnknown ? "how the requests ended is not known"
            : phase.Failures == 0 ? "no request failed"
            : $"{phase.Failures} of {phase.Requests} requests failed ({share:0.0} %)";
        return $"Phase {phase.Name}: {failed}. Delivery: {document.Result?.Verdict ?? phase.Delivery.Text}.";
    }

    /// <summary>How the result is coloured: <c>bad</c>, <c>good</c> or <c>open</c>.</summary>
    public static string Colour(ReportDocument document) =>
        document.Result?.Kind switch
        {
            "failing" or "skewed" => "bad",
            "balanced" or "recovered" => "good",
            _ => "open",
        };

    /// <summary>An onset in one sentence.</summary>
    public static string Of(OnsetInfo onset)
    {
        var events = onset.Events.IsEmpty ? "no recorded event" : string.Join(", ", onset.Events);
        var support = onset.Support is { } s && s.To > s.From ? $"possibly from {s.From:0.0} to {s.To:0.0} s; " : "";
        var end = onset.End switch
        {
            "recovered" => $"; recovered, found even at {onset.EndAt ?? 0:0.0} s",
            "backends-changed" =>
                $"; the backends changed at {onset.EndAt ?? 0:0.0} s before it was known to have ended",
            _ => "",
        };
        return $"Delivery is skewed since {onset.At ?? 0:0.0} s ({events}); {support}alarm at {onset.AlarmAt:0.0} s, "
            + $"false with probability at most {onset.ErrorProbability:0.##E+0}{end}";
    }

    /// <summary>A proportion in percent, with its interval.</summary>
    public static string Of(IntervalInfo interval) =>
        $"{Percent(interval)} [{interval.Lower * 100:0.#}–{interval.Upper * 100:0.#}]";

    /// <summary>A proportion in percent.</summary>
    public static string Percent(IntervalInfo interval) =>
        interval.Estimate is { } share ? $"{share * 100:0.#} %" : "–";

    /// <summary>Name and counts of a phase.</summary>
    public static string Counts(PhaseInfo phase) =>
        $"{phase.Name}: {phase.Seconds:0.#} s, {phase.Requests} requests, {phase.Ok} succeeded, "
        + $"{phase.Failures} failed";

    /// <summary>What is said of the requests between two phases, whose shares show nothing.</summary>
    public static string Between(PhaseInfo phase)
    {
        var failures = Failures(phase);
        return $"{phase.Diagnosis?.Sentence}{(failures.Length > 0 ? $" Failures: {failures}." : "")}";
    }

    /// <summary>What is known of a phase beside its Pods, by name.</summary>
    public static IEnumerable<(string Name, string Text)> Facts(PhaseInfo phase)
    {
        yield return ("success rate", Of(phase.SuccessRate));
        yield return ("selection", $"{phase.Selection.Text} (seen by {phase.SelectionSource})");
        yield return ("delivery", phase.Delivery.Text);
        if (phase.Selection.Measures is { } selection)
            yield return ("unevenness of selection", Of(selection));
        if (phase.Delivery.Measures is { } delivery)
            yield return ("unevenness of delivery", Of(delivery));
        if (phase.Locality is { } local)
            yield return (
                "locality",
                $"{Of(local.Share)} stays on the clients' node, expected {local.Expected * 100:0.#} %"
            );
        if (phase.Latency is { } l)
            yield return (
                "latency",
                $"median {l.P50.Estimate:0.##} ms, p99 {l.P99.Estimate:0.##} ms, longest {l.MaxMs:0.##} ms"
            );
        yield return ("HTTP rules", Of(phase.HttpRules));
        if (phase.Diagnosis is { } diagnosis)
            yield return ("diagnosis", diagnosis.Name);
    }

    /// <summary>Where and with which load the run took place, by name.</summary>
    public static IEnumerable<(string Name, string Text)> Environment(ReportDocument document)
    {
        var (cluster, environment, load) = (document.Cluster, document.Environment, document.Load);
        var isEmulated = cluster.Kind == "emulated";
        yield return ("Cilium", $"{cluster.CiliumVersion ?? "version unknown"}{(isEmulated ? " (emulated)" : "")}");
        if (document.Scenario.Evidence is { } evidence)
            yield return ("evidence", $"this behaviour of this release is {evidence}");
        if (isEmulated)
            yield return ("Kubernetes", "emulated: API server, nodes and proxies are processes of this machine");
        else if (cluster.Kubernetes is { } version)
            yield return ("Kubernetes", string.Join("; ", cluster.Nodes.Select(n => n.ToString()).Prepend(version)));
        yield return ("measured with", $"cilium-debugging {environment.Lab}, {environment.Runtime}");
        yield return ("system", $"{environment.System}, {environment.Processors} processors");
        yield return ("started", $"{document.StartedAt:yyyy-MM-dd HH:mm:ss} UTC");
        var ports = load.Ports is null ? "" : $" from client ports {load.Ports}";
        yield return (
            "load",
            load.Url.Length == 0
                ? $"none generated; about {load.RatePerSecond:0.##} requests/s seen, most of them from "
                    + $"{cluster.ClientNode} ({cluster.ClientPod})"
                : $"{load.Method} {load.Url}, {load.RatePerSecond:0.##} requests/s on {load.Connections}{ports}, "
                    + $"from {cluster.ClientPod} on {cluster.ClientNode}"
        );
    }

    /// <summary>A moment of the run as time of day, UTC.</summary>
    /// <param name="document">The report.</param>
    /// <param name="at">Seconds since the load began.</param>
    public static string Clock(ReportDocument document, double at) =>
        $"{document.StartedAt.AddSeconds(at).UtcDateTime:HH:mm:ss}";

    /// <summary>What happened, in the order of time: the load, the events, the onsets.</summary>
    public static IEnumerable<(string Clock, string Text)> Story(ReportDocument document)
    {
        List<(double At, string Text)> moments =
        [
            (0, $"the load began ({document.StartedAt.UtcDateTime:yyyy-MM-dd}, UTC)"),
        ];
        moments.AddRange(document.Events.Select(e => (e.At, $"{e.Name} ({e.At:0.0} s)")));
        moments.AddRange(
            document
                .Phases.Where(p => p.Failures > 0)
                .Select(p => (p.Start, $"phase {p.Name}: {p.Failures} of {p.Requests} requests failed"))
        );
        foreach (var onset in document.Onsets)
        {
            var since = onset.At ?? onset.AlarmAt;
            moments.Add((since, $"delivery is skewed from here ({since:0.0} s)"));
            moments.Add(
                (onset.AlarmAt, $"the skew is certain: wrong in at most 1 of {1 / onset.ErrorProbability:#,0} runs")
            );
            if (onset is { End: "recovered", EndAt: { } end })
                moments.Add((end, "recovered: delivery is even again"));
        }
        return moments.OrderBy(m => m.At).Select(m => (Clock(document, m.At), m.Text));
    }

    /// <summary>The command that repeats the run; empty where the load was not the lab's.</summary>
    public static string Command(ReportDocument document)
    {
        if (document.IsObserved)
            return "";
        if (document.Command is { } command)
            return command;
        var (name, rate) = (document.Scenario.Name, $"--rate {document.Load.RatePerSecond:0.##}");
        if (document.Cluster.Kind != "emulated")
            return $"dotnet run --project ClusterSetup -- scenario run {name} {rate} --context NAME";
        // Of an embedded cluster these are the ones that were set.
        var settings = document.Cluster.Settings.Select(s => $" --set {ShellWord.Of($"{s.Key}={s.Value}")}");
        return $"dotnet run --project AppHost -- --once --scenario {name} {rate}{string.Concat(settings)}";
    }

    /// <summary>Whether the client, Hubble and backend counts agree.</summary>
    public static string Agreement(ReportDocument document) =>
        document.Reconciles ? "Exactly."
        : document.IsObserved ? "Not exactly: scrapes are taken at different moments."
        : "Not everywhere.";

    /// <summary>Whether the scenario showed what it predicts; what the checks of an observation gave.</summary>
    public static string Checks(ReportDocument document)
    {
        var (checks, held) = (document.Expectations.Length, document.Expectations.Count(e => e.Holds));
        var incomplete = document.EndedEarly ?? document.MachineGate;
        if (!document.IsObserved)
            return $"Scenario {document.Scenario.Name}: "
                + (
                    incomplete is { } reason
                        ? Reproduction.Incomplete(document.Scenario.Name, checks, reason)
                        : Reproduction.Describe(
                            document.Scenario.Name,
                            checks,
                            held,
                            document.Totals?.Ok ?? document.Latest.Ok,
                            document.Totals?.Requests ?? document.Latest.Requests
                        )
                );
        if (document.Quality.Any(q => q.Fails))
            return "Checks: nothing is concluded, because the quality gate fails";
        return $"Checks: {held} of {checks} passed{(incomplete is null ? "" : $", and {incomplete}")}";
    }

    private static string Of(MeasuresInfo m) =>
        $"max/mean {Number(m.MaxOverMean)}, Jain {Number(m.Jain)}, total variation {Number(m.TotalVariation)}, "
        + $"effective backends {Number(m.EffectiveBackends)}";

    private static string Number(IntervalInfo interval)
    {
        var estimate = interval.Estimate is { } number ? $"{number:0.##}" : "–";
        return $"{estimate} [{interval.Lower:0.##}–{interval.Upper:0.##}]";
    }

    private static string Of(HttpRulesInfo rules) =>
        (rules.Client, rules.Backends) switch
        {
            (true, true) => "on the client's egress and on the backends' ingress",
            (true, false) => "on the client's egress only",
            (false, true) => "on the backends' ingress only",
            _ => "none",
        };

    /// <summary>How requests failed, with the number of each kind; empty when none did.</summary>
    public static string Failures(PhaseInfo phase) => FailureText.Of(phase.ByStatus, phase.Unanswered);
}
