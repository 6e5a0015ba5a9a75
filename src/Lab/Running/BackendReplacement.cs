namespace CiliumDebugging.Lab.Running;

/// <summary>A backend Pod that was deleted under load and replaced, as measured.</summary>
/// <param name="Deleted">Name of the Pod that was deleted.</param>
/// <param name="Added">Name of the Pod that took its place.</param>
/// <param name="GoneAt">When the Service had lost it, s since the attack's epoch.</param>
/// <param name="ReadyAt">When the Service had the new one, s since the attack's epoch.</param>
/// <param name="PortsUsed">Client ports that had been used by <paramref name="GoneAt"/>.</param>
/// <param name="GapConnections">Connections made between the two moments.</param>
public sealed record BackendReplacement(
    string Deleted,
    string Added,
    double GoneAt,
    double ReadyAt,
    int PortsUsed,
    long GapConnections
)
{
    /// <summary>G: seconds without it or its replacement.</summary>
    public double GapSeconds => ReadyAt - GoneAt;
}
