using CiliumDebugging.LoadTest.Attack.Responders;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>The verdict on the successes of the Pods that answered an attack, if equal shares are expected.</summary>
internal static class AttackSkew
{
    /// <summary>All ports that a client without privileges has.</summary>
    private static readonly ClientPortRange s_ports = new(1024, 65535, ClientPortOrder.Random);

    /// <summary>The verdict in one line; null where fewer than two Pods name themselves.</summary>
    public static string? Describe(AttackResults results)
    {
        var pods = results
            .Counts.Keys.Select(k => k.Pod)
            .Where(p => p is not AttackResults.Unknown && p != ResponderNames.Other)
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToArray();
        if (pods.Length < 2)
            return null;
        var (expected, choices) = (ExpectedShares.Equal(pods), results.Choices);
        var unit = choices.HasUnknownPorts ? SelectionUnit.UnknownPort : SelectionUnit.FreshSelection;
        var verdict = SkewTest.Evaluate(expected, CountsOf(choices, pods, ..), unit: unit);
        var repeated = Math.Max(0, results.Succeeded - verdict.Connections);
        if (verdict.Kind is not VerdictKind.Skewed && SkewedPart(choices, expected, pods, unit) is { } part)
            return $"{part}{Uncounted(repeated)}, if equal shares are expected";
        // More requests of these ports and connections would decide nothing.
        if (verdict.Kind is VerdictKind.Undecided && repeated > verdict.Connections)
            verdict = verdict.Withhold(
                "few client ports or kept connections, each repeats its choice: "
                    + $"{verdict.Connections:N0} choices in {results.Succeeded:N0} successes"
            );
        var counted = results.AchievedRate * verdict.Connections / Math.Max(1, results.Accounting.Started);
        var ports = choices.PortsUsed + verdict.FurtherConnections ?? 0;
        var isEnough = ports <= ClientPortRange.RandomOdd.Count;
        var text =
            VerdictText.Describe(verdict, isEnough ? counted : null, givesRate: false)
            + (isEnough || verdict.ErrorProbability is null ? "" : HowToGetPorts(ports));
        return $"{text}{(verdict.Withheld is null ? Uncounted(repeated) : "")}, if equal shares are expected";
    }

    /// <summary>Each client port is one choice: more time or a higher rate does not give more.</summary>
    private static string HowToGetPorts(long ports) =>
        ports <= s_ports.Count
            ? $", each with a client port of its own: give it {ports:N0} of them (--ports {s_ports.First}-{s_ports.Last})"
            : ", each with a client port of its own, and one client has fewer: merge the --hdr logs of several clients";

    private static string Uncounted(long repeated) =>
        repeated == 0 ? "" : $"; not counted: {repeated:N0} on kept connections or on ports used before";

    /// <summary>The part of the attack that is skewed although the whole is not; null without one. All parts together
    /// are wrong with the error probability of a verdict.</summary>
    private static string? SkewedPart(FreshChoices choices, ExpectedShares expected, string[] pods, SelectionUnit unit)
    {
        // Halves, quarters and so on: 2 + 4 + 8 + 16 parts.
        const int Parts = (2 * FreshChoices.Blocks) - 2;
        var options = VerdictOptions.Default with
        {
            ErrorProbability = VerdictOptions.Default.ErrorProbability / Parts,
        };
        for (var length = FreshChoices.Blocks / 2; length >= 1; length /= 2)
        {
            for (var from = 0; from < FreshChoices.Blocks; from += length)
            {
                var verdict = SkewTest.Evaluate(
                    expected,
                    CountsOf(choices, pods, from..(from + length)),
                    options,
                    unit
                );
                if (verdict.Kind is VerdictKind.Skewed)
                    return $"requests {from * choices.Width:N0} to {((from + length) * choices.Width) - 1:N0}: "
                        + VerdictText.Describe(verdict);
            }
        }
        return null;
    }

    private static BackendCounts CountsOf(FreshChoices choices, string[] pods, Range blocks)
    {
        var counts = choices.Of(blocks);
        var known = pods.Select(pod => counts.GetValueOrDefault(pod)).ToArray();
        return new BackendCounts([.. known], counts.Values.Sum() - known.Sum());
    }
}
