using System.Collections.Immutable;
using CiliumDebugging.Lab.Scenarios;

namespace CiliumDebugging.Lab.Matching;

/// <summary>How well a scenario fits what is seen.</summary>
/// <param name="Scenario">The scenario.</param>
/// <param name="Score">Points: only their order has a meaning. More than 0 where more speaks for it than against it.</param>
/// <param name="For">What speaks for it, the weightiest first.</param>
/// <param name="Against">What speaks against it.</param>
public sealed record ScenarioMatch(
    Scenario Scenario,
    double Score,
    ImmutableArray<string> For,
    ImmutableArray<string> Against
);
