using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Status;

namespace CiliumDebugging.Lab.Page;

/// <summary>How far a phase has come.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Start">When it began, s since the load began.</param>
/// <param name="Seconds">How long it lasts, s.</param>
public sealed record PhaseProgress(string Name, double Start, double Seconds)
{
    /// <summary>A phase that begins with a sample.</summary>
    internal static PhaseProgress Begin(PhaseStep phase, LiveSample first) =>
        new(phase.Name, Math.Round(first.Elapsed.TotalSeconds, 2), phase.Duration.TotalSeconds);

    /// <summary>Seconds of the phase that have passed.</summary>
    /// <param name="elapsed">s since the load began.</param>
    public double Passed(double elapsed) => Math.Clamp(elapsed - Start, 0, Seconds);
}
