namespace CiliumDebugging.ServiceDefaults;

/// <summary>The exit codes of all programs here.</summary>
public enum ExitCode
{
    /// <summary>The command did what it says; a scenario was reproduced as expected.</summary>
    Success = 0,

    /// <summary>The program itself failed.</summary>
    Failed = 1,

    /// <summary>Bad usage: an option, a scenario or a policy file is wrong.</summary>
    BadUsage = 2,

    /// <summary>The run was complete, with another result than expected: a scenario was not reproduced, skew was found,
    /// results differ.</summary>
    NotReproduced = 3,

    /// <summary>Ended by Ctrl-C, SIGTERM or SIGHUP.</summary>
    Interrupted = 130,
}
