using System.Collections.Immutable;
using System.Text.Json.Serialization;
using CiliumDebugging.LoadTest.Report.Document;
using CiliumDebugging.LoadTest.Views;

namespace CiliumDebugging.LoadTest.Page;

/// <summary>A report on disk.</summary>
/// <param name="Id">Name of its folder.</param>
/// <param name="Diagnosis">What it found.</param>
public sealed record SavedReport(string Id, string Diagnosis)
{
    /// <summary>The folder. Not for pages.</summary>
    [JsonIgnore]
    public string Folder { get; init; } = "";
}
