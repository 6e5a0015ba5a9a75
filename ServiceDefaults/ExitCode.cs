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

    /// <summary>The run was complete, and nothing is concluded from it: the machine could not keep up.</summary>
    MachineTooSlow = 4,

    /// <summary>Ended by SIGHUP: the terminal was closed.</summary>
    HungUp = 129,

    /// <summary>Ended by Ctrl-C (SIGINT).</summary>
    Interrupted = 130,

    /// <summary>Ended by SIGTERM.</summary>
    Terminated = 143,
}
