using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.InteropServices;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Runs;

/// <summary>What a report says beside the numbers, so that someone else can repeat the run.</summary>
/// <param name="StartedAt">When the load began.</param>
/// <param name="Environment">Where.</param>
/// <param name="CiliumVersion">Version of the agents; null when unknown.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Url">Target.</param>
/// <param name="Steps">The steps taken, one line each.</param>
/// <param name="Events">Everything that was done to the cluster under load.</param>
/// <param name="Series">The counters over time.</param>
/// <param name="SeriesInterval">Time between two samples of <paramref name="Series"/>, s.</param>
/// <param name="SeriesMissed">Samples that could not be taken.</param>
public sealed record RunDetails(
    DateTimeOffset StartedAt,
    RunEnvironment Environment,
    string? CiliumVersion,
    string Method,
    string Url,
    ImmutableArray<string> Steps,
    ImmutableArray<RecordedEvent> Events,
    ImmutableArray<CiliumDebugging.Measurement.Runs.SeriesSample> Series,
    double SeriesInterval,
    int SeriesMissed
)
{
    /// <summary>Connections that were kept open; 0: a fresh one for each request.</summary>
    public int KeptConnections { get; init; }

    /// <summary>Client ports that were asked for; null: random ones.</summary>
    public string? Ports { get; init; }

    /// <summary>Version of the API server; null when it was not asked.</summary>
    public string? Kubernetes { get; init; }

    /// <summary>Versions of the nodes; empty when they were not asked.</summary>
    public ImmutableArray<NodeVersions> Nodes { get; init; } = [];

    /// <summary>Nothing is known.</summary>
    public static RunDetails Unknown { get; } =
        new(DateTimeOffset.UnixEpoch, RunEnvironment.Current, null, "", "", [], [], [], 1, 0);
}
