using System.Globalization;
using static System.FormattableString;

namespace CiliumDebugging.Lab.Simulation;

/// <summary>A simulation for other programs: CSV with a row for each Pod and part of a phase.</summary>
public static class SimulationFiles
{
    /// <summary>
    /// Writes CSV: phase, from (s), to (s), pod, node, selected, ok, share, and predicted (empty without a formula).
    /// </summary>
    public static void WriteCsv(SimulationResult result, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(output);
        output.WriteLine("phase,from,to,pod,node,selected,ok,share,predicted");
        foreach (var sample in result.Samples)
        {
            for (var i = 0; i < sample.Selected.Length; i++)
            {
                var share = sample.Connections == 0 ? 0 : (double)sample.Selected[i] / sample.Connections;
                var predicted = sample.Predicted is { } p
                    ? p[i].ToString("0.######", CultureInfo.InvariantCulture)
                    : "";
                var (name, node) = result.Pods[i];
                output.WriteLine(
                    Invariant($"{sample.Phase},{sample.From},{sample.To},{name},{node},")
                        + Invariant($"{sample.Selected[i]},{sample.Ok[i]},{share:0.######},{predicted}")
                );
            }
        }
    }
}
