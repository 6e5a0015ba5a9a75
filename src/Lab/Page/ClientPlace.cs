using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace CiliumDebugging.Lab.Page;

/// <summary>The load-test Pod.</summary>
/// <param name="Pod">Its name.</param>
/// <param name="Node">Its node.</param>
public sealed record ClientPlace(string Pod, string Node);
