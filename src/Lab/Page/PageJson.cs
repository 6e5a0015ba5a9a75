using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace CiliumDebugging.Lab.Page;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals
)]
[JsonSerializable(typeof(PageInfo))]
[JsonSerializable(typeof(PageState))]
[JsonSerializable(typeof(PageCommand))]
internal sealed partial class PageJson : JsonSerializerContext;
