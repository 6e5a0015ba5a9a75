using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace CiliumDebugging.Lab.Page;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(LabInfo))]
[JsonSerializable(typeof(LabState))]
[JsonSerializable(typeof(LabCommand))]
internal sealed partial class PageJson : JsonSerializerContext;
