using System.Collections.Immutable;
using CiliumDebugging.ClusterSetup.Policies;
using CiliumDebugging.LoadTest.Attack;

namespace CiliumDebugging.ClusterSetup.Scenarios;

/// <summary>A scenario that cannot be read; the message has one line for each problem.</summary>
public sealed class ScenarioException(string message) : Exception(message);
