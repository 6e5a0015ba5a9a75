namespace CiliumDebugging.ClusterSetup.Kind;

/// <summary>
/// The lab cannot be set up as requested; the message says why and what to do, one line for each problem.
/// </summary>
internal sealed class KindException(string message) : Exception(message);
