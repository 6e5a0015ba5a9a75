using CiliumDebugging.Lab.Running;
using static System.FormattableString;

namespace CiliumDebugging.Lab.Simulation;

/// <summary>A simulation as text: shares over time with the prediction beside them, one line for each part.</summary>
public static class SimulationText
{
    /// <summary>With more Pods than this, only the smallest and the largest share are shown.</summary>
    private const int PodsShown = 8;

    /// <summary>Writes the table and the totals.</summary>
    public static void Write(SimulationResult result, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(output);
        output.WriteLine($"{result.Notice}.");
        output.WriteLine(
            Invariant($"{result.Scenario}: {result.Connections:N0} connections at {result.RatePerSecond:0.##}/s ")
                + Invariant($"of virtual time, random seed {result.Seed}; share of the selections, (predicted)")
        );
        var added = result.Replacements.LastOrDefault()?.Added;
        var columns =
            result.Pods.Length <= PodsShown ? result.Pods.Select(p => p.Name)
            : added is { } a ? ["least", "most", result.Pods[a].Name]
            : ["least", "most"];
        output.WriteLine(
            Invariant(
                $"{"phase", -12} {"until s", 9} {"ok", 7}  {string.Join("  ", columns.Select(c => Invariant($"{c, 16}")))}"
            )
        );
        foreach (var sample in result.Samples)
        {
            var cells =
                result.Pods.Length <= PodsShown
                    ? Enumerable.Range(0, sample.Selected.Length).Select(i => Cell(sample, i))
                    : Summary(sample, added);
            var ok = sample.Connections == 0 ? "–" : Invariant($"{(double)sample.Ok.Sum() / sample.Connections:P1}");
            output.WriteLine(Invariant($"{sample.Phase, -12} {sample.To, 9:0.0} {ok, 7}  {string.Join("  ", cells)}"));
        }
        foreach (var (outcome, count) in result.Outcomes)
            output.WriteLine(Invariant($"{outcome, -20} {count, 14:N0}"));
        foreach (var replaced in result.Replacements)
            WriteReplacement(result, replaced, output);
        foreach (var note in result.Notes)
            output.WriteLine($"note: {note}");
    }

    private static void WriteReplacement(SimulationResult result, SimulatedReplacement replaced, TextWriter output)
    {
        var next = result.Replacements.FirstOrDefault(r => r.GoneAt >= replaced.ReadyAt && r != replaced);
        var after = result
            .Samples.Where(s => s.From >= replaced.ReadyAt && (next is null || s.To <= next.GoneAt))
            .ToList();
        var (connections, chosen) = (after.Sum(s => s.Connections), after.Sum(s => s.Selected[replaced.Added]));
        if (connections == 0)
            return;
        var (added, deleted) = (result.Pods[replaced.Added].Name, result.Pods[replaced.Deleted].Name);
        output.WriteLine(
            Invariant($"{added} replaced {deleted} at {replaced.GoneAt:0.##} s: ")
                + Invariant($"share {(double)chosen / connections:P2} since; ")
                + (replaced.IsStale ? StaleConntrack(replaced) : Predicted(after[^1], replaced))
                + Invariant($"; even: {1.0 / replaced.Backends:P2}")
        );
    }

    private static string StaleConntrack(SimulatedReplacement replaced)
    {
        var (n, ports) = (replaced.Backends, replaced.Ports);
        var expected = StaleConntrackShare.Expected(n, replaced.PortsUsed, replaced.GapConnections, ports);
        return Invariant($"stale conntrack with the measured p = {replaced.PortsUsed:0.000}, ")
            + Invariant($"rG = {replaced.GapConnections:N0}, M = {ports:N0}: ")
            + Invariant($"{expected:P2} ± {StaleConntrackShare.FrozenSpread(expected, ports):P2} (sd)");
    }

    private static string Predicted(SimulationSample sample, SimulatedReplacement replaced) =>
        sample.Predicted is { } predicted
            ? Invariant($"predicted: {predicted[replaced.Added]:P2}")
            : "no formula for these settings";

    private static string Cell(SimulationSample sample, int pod)
    {
        var predicted = sample.Predicted is { } p ? Invariant($"({p[pod]:P1})") : "(–)";
        return sample.Connections == 0
            ? Invariant($"{"–", 7} {predicted, 8}")
            : Invariant($"{Share(sample, pod), 7:P1} {predicted, 8}");
    }

    private static IEnumerable<string> Summary(SimulationSample sample, int? added)
    {
        var shares = Enumerable
            .Range(0, sample.Selected.Length)
            .Where(i => i != added && (sample.Predicted is not { } p || p[i] > 0))
            .Select(i => Share(sample, i))
            .DefaultIfEmpty()
            .ToList();
        var isEmpty = sample.Connections == 0;
        yield return isEmpty ? Invariant($"{"–", 16}") : Invariant($"{shares.Min(), 16:P4}");
        yield return isEmpty ? Invariant($"{"–", 16}") : Invariant($"{shares.Max(), 16:P4}");
        if (added is { } pod && pod < sample.Selected.Length)
            yield return Cell(sample, pod);
    }

    private static double Share(SimulationSample sample, int pod) =>
        sample.Connections == 0 ? 0 : (double)sample.Selected[pod] / sample.Connections;
}
