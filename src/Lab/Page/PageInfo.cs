using System.Collections.Immutable;
using System.Text.Json.Serialization;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Lab.Page;

/// <summary>What seldom changes: sent to pages when it does.</summary>
/// <param name="Cluster">What is measured on.</param>
/// <param name="Scenarios">What can be run.</param>
/// <param name="Policies">The policies of the current scenario.</param>
/// <param name="Pods">Every backend Pod.</param>
/// <param name="Reports">Reports written so far, newest first.</param>
public sealed record PageInfo(
    ClusterIdentity Cluster,
    ImmutableArray<ScenarioChoice> Scenarios,
    ImmutableArray<PolicyCard> Policies,
    ImmutableArray<BackendPod> Pods,
    ImmutableArray<SavedReport> Reports
)
{
    /// <summary>Nothing is known yet.</summary>
    public static PageInfo Empty { get; } = new(ClusterIdentity.Unknown, [], [], [], []);
}

/// <summary>A scenario that can be run.</summary>
public sealed record ScenarioChoice(string Name, string Title);

/// <summary>A policy file.</summary>
/// <param name="Id">Its file name.</param>
/// <param name="Objects">The objects in it, as <c>kind namespace/name</c>.</param>
/// <param name="Yaml">Its text.</param>
/// <param name="Applied">Whether all its objects are in the cluster.</param>
public sealed record PolicyCard(string Id, string Objects, string Yaml, bool Applied);

/// <summary>A report on disk.</summary>
/// <param name="Id">Name of its folder.</param>
/// <param name="Diagnosis">What it found.</param>
public sealed record SavedReport(string Id, string Diagnosis)
{
    /// <summary>Path of its folder. Not sent to pages.</summary>
    [JsonIgnore]
    public string Folder { get; init; } = "";
}

/// <summary>Where the load test runs.</summary>
/// <param name="Pod">Name of its Pod.</param>
/// <param name="Node">Its node.</param>
public sealed record ClientPlace(string Pod, string Node);
