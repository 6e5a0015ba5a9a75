using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace CiliumDebugging.Lab.Page;

/// <summary>A scenario that can be run.</summary>
/// <param name="Name">Name.</param>
/// <param name="Title">One line.</param>
public sealed record ScenarioChoice(string Name, string Title);
