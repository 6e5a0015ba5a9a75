namespace CiliumDebugging.Lab.Observing;

/// <summary>Why something could not be observed.</summary>
public enum ObservationProblem
{
    /// <summary>The server gave no answer, or an error of its own.</summary>
    Unreachable,

    /// <summary>The object does not exist.</summary>
    NotFound,

    /// <summary>The Service has no Pods.</summary>
    NoPods,

    /// <summary>The user may not read it.</summary>
    Forbidden,
}

/// <summary>Observing cannot go on; the message says what failed and what to do.</summary>
public sealed class ObservationException(
    string message,
    Exception? cause = null,
    ObservationProblem problem = ObservationProblem.Unreachable
) : Exception(message, cause)
{
    public ObservationProblem Problem => problem;
}
