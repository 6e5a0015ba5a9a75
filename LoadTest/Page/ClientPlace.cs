using System.Collections.Immutable;
using System.Text.Json.Serialization;
using CiliumDebugging.LoadTest.Report.Document;
using CiliumDebugging.LoadTest.Views;

namespace CiliumDebugging.LoadTest.Page;

/// <summary>The load-test Pod.</summary>
/// <param name="Pod">Its name.</param>
/// <param name="Node">Its node.</param>
public sealed record ClientPlace(string Pod, string Node);
