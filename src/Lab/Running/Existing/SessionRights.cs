namespace CiliumDebugging.Lab.Running.Existing;

/// <summary>How a scenario may use an existing cluster.</summary>
public sealed record SessionRights
{
    /// <summary>Image of the echo server, where the workloads do not exist yet; null: they must exist.</summary>
    public string? BackendImage { get; init; }

    /// <summary>Image of the load test, where the workloads do not exist yet.</summary>
    public string? LoadTestImage { get; init; }

    /// <summary>
    /// Change cilium-config and restart the agents if the scenario needs it; it is put back at the end.
    /// </summary>
    public bool ChangeSettings { get; init; }

    /// <summary>Leave what was applied, to look at it.</summary>
    public bool Keep { get; init; }

    /// <summary>Collect what Cilium's maintainers ask for while the last phase is measured.</summary>
    public bool Sysdump { get; init; }
}
