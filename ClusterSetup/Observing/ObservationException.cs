namespace CiliumDebugging.ClusterSetup.Observing;

/// <summary>Observing cannot go on; the message says what failed and what to do.</summary>
public sealed class ObservationException(string message, Exception? cause = null) : Exception(message, cause);
