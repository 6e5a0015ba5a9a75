namespace CiliumDebugging.Lab.Running.Existing;

/// <summary>A scenario that is not run on a cluster, because it would touch what is not the lab's or would show nothing; one line for each reason, with what to do.</summary>
public sealed class ClusterRefusedException(string message) : Exception(message);
