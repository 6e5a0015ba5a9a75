using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>What is known of the requests that started while the cluster was changing.</summary>
public sealed record ChangeFacts
{
    /// <summary>What was changing, in order; empty when unknown.</summary>
    public ImmutableArray<string> Events { get; init; } = [];
    public required long Requests { get; init; }
    public required long Failures { get; init; }

    /// <summary>The phase before the change; null when unknown.</summary>
    public PhaseReport? Before { get; init; }

    /// <summary>From the start of the first request that failed to that of the last one, s.</summary>
    public double FailingSeconds { get; init; }

    /// <summary>How long no Pod was ready, s; null: there always was one.</summary>
    public double? NoPodSeconds { get; init; }

    /// <summary><c>namespace/name</c> of the Service.</summary>
    public required string Service { get; init; }

    /// <summary>Pods that were ready before and are not after it.</summary>
    public ImmutableArray<string> Removed { get; init; } = [];

    /// <summary>Pods that are ready after and were not before it.</summary>
    public ImmutableArray<string> Added { get; init; } = [];

    /// <summary>Failures that a Pod answered itself.</summary>
    public ImmutableSortedDictionary<string, long> FailuresByPod { get; init; } =
        ImmutableSortedDictionary<string, long>.Empty;
}
