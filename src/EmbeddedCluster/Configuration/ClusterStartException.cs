namespace CiliumDebugging.EmbeddedCluster.Configuration;

/// <summary>A cluster that cannot be started as asked; the message says what, where and what to do.</summary>
public sealed class ClusterStartException(string message) : Exception(message);
