using System.Collections.Immutable;

namespace CiliumDebugging.Lab.Scenarios;

/// <summary>A scenario that cannot be read; the message has one line for each problem.</summary>
public sealed class ScenarioException(string message) : Exception(message);
