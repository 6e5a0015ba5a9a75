using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>Whether failures are those of the phase before.</summary>
internal static class FailureRate
{
    /// <summary>A phase in which less than this part of the later failure rate was seen did not fail before.</summary>
    private const double AsBefore = 0.5;

    /// <summary>Whether requests failed before as they do in a phase.</summary>
    public static bool IsAsBefore(PhaseReport phase, PhaseReport before) =>
        IsAsBefore(phase.Failures, phase.Requests, before);

    /// <summary>Whether requests failed before as they do in a stretch with these counts.</summary>
    public static bool IsAsBefore(long failures, long requests, PhaseReport before) =>
        before.Failures > 0 && (double)before.Failures * requests >= AsBefore * failures * before.Requests;
}
