using System.Collections.Immutable;

namespace CiliumDebugging.Measurement.Runs;

/// <summary>A named mechanism.</summary>
public sealed record DiagnosisResult
{
    /// <summary>Name of a diagnosis that waits for the verdict.</summary>
    public const string UndecidedName = "undecided";

    /// <summary>Name of a diagnosis where no mechanism fits.</summary>
    public const string UnknownName = "unknown";

    /// <summary>Name of the mechanism; <c>even</c>, <c>undecided</c> or <c>unknown</c> where there is none to
    /// name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it names a mechanism.</summary>
    public bool IsMechanism => Name is not ("even" or UndecidedName or UnknownName);

    /// <summary>The diagnosis in one sentence.</summary>
    public required string Sentence { get; init; }

    /// <summary>Where on the path; empty when there is nothing to name.</summary>
    public string Hop { get; init; } = "";

    /// <summary>The observations that support it.</summary>
    public ImmutableArray<string> Supports { get; init; } = [];

    /// <summary>What would refute it.</summary>
    public ImmutableArray<string> Refutes { get; init; } = [];

    /// <summary>What helps.</summary>
    public ImmutableArray<string> Remedies { get; init; } = [];

    /// <summary>URLs for further reading.</summary>
    public ImmutableArray<string> Links { get; init; } = [];

    /// <summary>No rule matches.</summary>
    public static DiagnosisResult Unknown(string observation) =>
        new()
        {
            Name = UnknownName,
            Sentence = $"{observation}; no known mechanism fits the client, Hubble and backend counts",
        };
}
