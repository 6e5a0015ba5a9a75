namespace CiliumDebugging.Statistics;

/// <summary>Something that was done to the cluster and may be the cause of a change: a policy applied, a pod replaced,
/// an agent restarted.</summary>
/// <param name="Name">What happened, as it should be printed.</param>
/// <param name="At">When, since the start of the run.</param>
public sealed record RecordedEvent(string Name, TimeSpan At);
