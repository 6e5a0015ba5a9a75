using System.Collections.Immutable;
using System.Text.Json.Serialization;
using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.Lab.Page;

/// <summary>What changes seldom: sent when it changes.</summary>
/// <param name="Host">Which host and cluster this is, in a few words.</param>
/// <param name="Scenarios">What can be run.</param>
/// <param name="Policies">The policies of the current scenario.</param>
/// <param name="Pods">Every backend Pod, for those who delete one.</param>
/// <param name="Reports">Reports written so far, newest first.</param>
public sealed record PageInfo(
    string Host,
    ImmutableArray<ScenarioChoice> Scenarios,
    ImmutableArray<PolicyCard> Policies,
    ImmutableArray<BackendPod> Pods,
    ImmutableArray<SavedReport> Reports
)
{
    /// <summary>Nothing is known yet.</summary>
    public static PageInfo Empty { get; } = new("", [], [], [], []);
}
