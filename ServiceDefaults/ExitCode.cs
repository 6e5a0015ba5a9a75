namespace CiliumDebugging.ServiceDefaults;

/// <summary>How a run of a scenario ended; the values are the process exit codes.</summary>
public enum ExitCode
{
    /// <summary>The scenario's expectation holds.</summary>
    Success = 0,

    /// <summary>The lab itself failed.</summary>
    Failed = 1,

    /// <summary>Bad usage: an option, a scenario or a policy file is wrong.</summary>
    BadUsage = 2,

    /// <summary>The run was complete and the expectation does not hold.</summary>
    NotReproduced = 3,

    /// <summary>Ended by Ctrl-C, SIGTERM or SIGHUP.</summary>
    Interrupted = 130,
}
