namespace CiliumDebugging.Lab.Running;

/// <summary>A backend Pod that was deleted under load, and the one that replaced it.</summary>
/// <param name="Deleted">Name of the Pod that was deleted.</param>
/// <param name="Added">Name of the Pod that replaced it.</param>
/// <param name="GoneAt">When the Service had lost it, s since the attack's epoch.</param>
/// <param name="ReadyAt">When the Service had the new one, s since the attack's epoch.</param>
internal sealed record PodReplacement(string Deleted, string Added, double GoneAt, double ReadyAt);

/// <summary>A replacement as the client saw it.</summary>
/// <param name="Pods">The replacement.</param>
/// <param name="PortsUsed">Client ports that had been used when the Service had lost the deleted Pod.</param>
/// <param name="GapConnections">Connections made while the Service had neither Pod.</param>
internal sealed record BackendReplacement(PodReplacement Pods, int PortsUsed, long GapConnections)
{
    public string Added => Pods.Added;

    /// <summary>G: seconds without the deleted Pod or its replacement.</summary>
    public double GapSeconds => Pods.ReadyAt - Pods.GoneAt;
}
