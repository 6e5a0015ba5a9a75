using System.Text.Json;
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

/// <summary>An enum as the camel-case name of its value.</summary>
/// <typeparam name="T">The enum.</typeparam>
public sealed class CamelCaseConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase)
    where T : struct, Enum;
