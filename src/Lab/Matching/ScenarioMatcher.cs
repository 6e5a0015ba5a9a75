using System.Collections.Immutable;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Lab.Matching;

/// <summary>
/// Ranks scenarios by how well they fit symptoms. Each sign that both know counts for or against a scenario; all of it
/// is read from its steps, its expectations and its row in the catalogue.
/// </summary>
public static class ScenarioMatcher
{
    private const string Emulated = "sandbox-";

    /// <summary>A diagnosis rests on all counts, words only on how people put it.</summary>
    private const double DiagnosisPoints = 8,
        WordPoints = 6,
        SignPoints = 2,
        SettingPoints = 1;

    /// <summary>All scenarios, those that fit best first; equal ones by name.</summary>
    public static ImmutableArray<ScenarioMatch> Rank(Symptoms symptoms, IReadOnlyList<Scenario> catalogue)
    {
        ArgumentNullException.ThrowIfNull(symptoms);
        ArgumentNullException.ThrowIfNull(catalogue);
        var words = new WordMatch(catalogue);
        return
        [
            .. catalogue
                .Select(s => Match(symptoms, s, words))
                .OrderByDescending(m => m.Score)
                .ThenBy(m => m.Scenario.Name, StringComparer.Ordinal),
        ];
    }

    private static ScenarioMatch Match(Symptoms seen, Scenario scenario, WordMatch words)
    {
        var found = Signs(seen, scenario).ToList();
        if (words.Compare(seen.Words, scenario) is ({ Length: > 0 } shared, var fit))
            found.Insert(0, ($"its description has: {string.Join(", ", shared)}", WordPoints * fit));
        return new ScenarioMatch(
            scenario,
            Math.Round(found.Sum(f => f.Points), 6),
            [.. found.Where(f => f.Points > 0).OrderByDescending(f => f.Points).Select(f => f.Text)],
            [.. found.Where(f => f.Points < 0).OrderBy(f => f.Points).Select(f => f.Text)]
        );
    }

    private static IEnumerable<(string Text, double Points)> Signs(Symptoms seen, Scenario scenario)
    {
        var signs = new ScenarioSigns(scenario);
        if (seen.Diagnosis is { } diagnosis)
            yield return Diagnosis(diagnosis, signs.Diagnosis);
        if (seen.Failing is { } failing && signs.Failing is { } fails)
            // Where nothing fails, nothing explains failures.
            yield return failing && !fails
                ? ("no request fails", -2 * SignPoints)
                : Sign(fails ? "requests fail" : "no request fails", failing == fails);
        if (seen.Status is { } status && signs.Failing is true)
            yield return Sign(
                signs.Status is { } its ? $"failures are {its}" : "failures have other causes",
                signs.Status == status
            );
        if (seen is { Answering: { } answering, Pods: { } pods and > 1 } && signs.Answers is { } answers)
            yield return answers switch
            {
                Answering.None => Sign("no pod answers", answering == 0),
                Answering.One => Sign("one pod answers", answering == 1),
                Answering.Some => Sign("only some pods answer", answering > 0 && answering < pods),
                _ => Sign("every pod answers", answering == pods),
            };
        if (seen.Skewed is { } skewed && signs.Skewed is { } isSkewed)
            yield return Sign(isSkewed ? "the successes are skewed" : "the load is even", skewed == isSkewed);
        if (seen.Replaced is { } replaced)
            yield return Sign(
                signs.Replaced ? "a pod was replaced" : "no pod was replaced",
                replaced == signs.Replaced
            );
        if (seen.KeepAlive is { } kept)
            yield return Sign(
                signs.KeepAlive ? "connections are kept open" : "each request has a fresh connection",
                kept == signs.KeepAlive
            );
        if (seen.Http2 is { } http2 && (http2 || signs.Http2))
            yield return Sign(
                signs.Http2 ? "the clients use HTTP/2" : "the clients use HTTP/1.1",
                http2 == signs.Http2
            );
        if (seen.HttpRules is { } rules)
            yield return Sign(
                signs.HttpRules switch
                {
                    (true, true) => "HTTP rules on both sides",
                    (true, false) => "HTTP rules of the client",
                    (false, true) => "HTTP rules of the backends",
                    _ => "no HTTP rules",
                },
                rules == signs.HttpRules
            );
        if (seen.Release is { } release)
            yield return (
                $"reported for Cilium {scenario.Synopsis.Releases}",
                scenario.EvidenceFor(release) is ReleaseEvidence.Reported ? SettingPoints : -SettingPoints
            );
        if (seen.Settings is { } settings)
            foreach (var (key, value) in scenario.Settings)
                if (seen.IsEmulated || !key.StartsWith(Emulated, StringComparison.Ordinal))
                    yield return (
                        $"setting {key}: {value}",
                        settings.GetValueOrDefault(key) == value ? SettingPoints : -SettingPoints
                    );
    }

    private static (string, double) Sign(string what, bool holds) => (what, holds ? SignPoints : -SignPoints);

    private static (string, double) Diagnosis(string seen, string? expected)
    {
        var isNamed = new DiagnosisResult { Name = seen, Sentence = "" }.IsMechanism;
        if (expected == seen)
            return ($"the diagnosis is {seen}", DiagnosisPoints);
        if (expected is null && seen == DiagnosisResult.UnknownName)
            return ("nothing is unusual", -SignPoints);
        if (expected is null)
            return (
                "no mechanism is named",
                // Any change may lose requests.
                seen == ChangeDiagnosis.FailuresDuringChange
                    ? 0
                : isNamed ? -DiagnosisPoints
                : SignPoints
            );
        return ($"its diagnosis is {expected}", isNamed ? -DiagnosisPoints : -SignPoints);
    }
}
