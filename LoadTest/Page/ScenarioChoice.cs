using System.Collections.Immutable;
using System.Text.Json.Serialization;
using CiliumDebugging.LoadTest.Report.Document;
using CiliumDebugging.LoadTest.Views;

namespace CiliumDebugging.LoadTest.Page;

/// <summary>A scenario that can be run.</summary>
/// <param name="Name">Name.</param>
/// <param name="Title">One line.</param>
public sealed record ScenarioChoice(string Name, string Title);
