using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace CiliumDebugging.Lab.Page;

/// <summary>A report on disk.</summary>
/// <param name="Id">Name of its folder.</param>
/// <param name="Diagnosis">What it found.</param>
public sealed record SavedReport(string Id, string Diagnosis)
{
    /// <summary>The folder. Not for pages.</summary>
    [JsonIgnore]
    public string Folder { get; init; } = "";
}
