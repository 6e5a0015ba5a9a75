namespace CiliumDebugging.EmbeddedCluster.Configuration;

/// <summary>A cluster that cannot be started as requested; the message says what, where and what to do.</summary>
public sealed class ClusterStartException(string message) : Exception(message);
