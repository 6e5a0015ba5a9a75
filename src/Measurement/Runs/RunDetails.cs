using System.Collections.Immutable;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Runs;

/// <summary>What a report says besides the numbers, so that someone else can repeat the run.</summary>
public sealed record RunDetails
{
    public static RunDetails Unknown { get; } = new();

    /// <summary>When the load began.</summary>
    public DateTimeOffset StartedAt { get; init; } = DateTimeOffset.UnixEpoch;
    public RunEnvironment Environment { get; init; } = RunEnvironment.Current;

    /// <summary>What it was measured on.</summary>
    public ClusterIdentity Cluster { get; init; } = ClusterIdentity.Unknown;

    /// <summary>HTTP method; empty without load.</summary>
    public string Method { get; init; } = "";

    /// <summary>Target of the load; empty without load.</summary>
    public string Url { get; init; } = "";

    /// <summary>Connections that were kept open; 0: a fresh one for each request.</summary>
    public int KeptConnections { get; init; }

    /// <summary>Whether requests were sent by HTTP/2, many at a time on each kept connection.</summary>
    public bool Http2 { get; init; }

    /// <summary>The connections in words.</summary>
    public string Connections => ConnectionText.Of(KeptConnections, Http2);

    /// <summary>Requested client ports; null: random ones.</summary>
    public string? Ports { get; init; }

    /// <summary>Version of the API server; null when unknown.</summary>
    public string? Kubernetes { get; init; }

    /// <summary>Versions of the nodes; empty when unknown.</summary>
    public ImmutableArray<NodeVersions> Nodes { get; init; } = [];

    /// <summary>The command that repeats the run; null when unknown.</summary>
    public string? Command { get; init; }

    /// <summary>The steps taken, one line each.</summary>
    public ImmutableArray<string> Steps { get; init; } = [];

    /// <summary>The policy files that the steps apply.</summary>
    public ImmutableArray<PolicyFile> Policies { get; init; } = [];

    /// <summary>Everything that was done to the cluster under load.</summary>
    public ImmutableArray<RecordedEvent> Events { get; init; } = [];
    public ImmutableArray<SeriesSample> Series { get; init; } = [];

    /// <summary>Time between two samples of <see cref="Series"/>, s.</summary>
    public double SeriesInterval { get; init; } = 1;

    /// <summary>Samples that could not be taken.</summary>
    public int SeriesMissed { get; init; }
}

/// <summary>A policy file that a run applied.</summary>
/// <param name="File">Its name.</param>
/// <param name="Yaml">Its text.</param>
public sealed record PolicyFile(string File, string Yaml);
