namespace CiliumDebugging.Lab.Running.Existing;

/// <summary>
/// A scenario is not run on a cluster, because it would change what is not the lab's or would show nothing. The message
/// has one line for each reason, with what to do.
/// </summary>
public sealed class ClusterRefusedException(string message) : Exception(message);
