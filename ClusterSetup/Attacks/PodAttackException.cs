namespace CiliumDebugging.ClusterSetup.Attacks;

/// <summary>An attack from Pods that cannot be carried out or has no results; the message says what to do.</summary>
internal sealed class PodAttackException(string message, Exception? cause = null) : Exception(message, cause);
