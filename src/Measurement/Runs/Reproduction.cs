namespace CiliumDebugging.Measurement.Runs;

/// <summary>On what rests that a release of Cilium behaves as a scenario says.</summary>
public enum ReleaseEvidence
{
    /// <summary>A source that the scenario names reports or confirms it for this release.</summary>
    Reported,

    /// <summary>The model predicts it; nothing confirms it.</summary>
    Predicted,
}

/// <summary>Whether a run showed what its scenario predicts, in words.</summary>
public static class Reproduction
{
    /// <summary>Of a run that ended early.</summary>
    /// <param name="scenario">Name of the scenario.</param>
    /// <param name="checks">Number of expectations; 0: the result is empty.</param>
    /// <param name="reason">Why it ended early.</param>
    public static string Incomplete(string scenario, int checks, string reason) =>
        checks == 0 ? "" : $"whether {scenario} is reproduced is not known: {reason}";

    /// <param name="scenario">Name of the scenario.</param>
    /// <param name="checks">Number of expectations; 0: the result is empty.</param>
    /// <param name="held">Those that were met.</param>
    /// <param name="ok">Successes of the run.</param>
    /// <param name="requests">Requests of the run.</param>
    public static string Describe(string scenario, int checks, int held, long ok, long requests)
    {
        if (checks == 0)
            return "";
        return held == checks
            ? $"reproduced as expected ({held} of {checks} checks)"
            : $"{scenario} was NOT reproduced: {ok} of {requests} succeeded ({held} of {checks} checks)";
    }
}
