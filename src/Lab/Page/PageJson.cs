using System.Text.Json;
using System.Text.Json.Serialization;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Page;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    Converters = [
        typeof(CamelCaseConverter<ClusterKind>),
        typeof(CamelCaseConverter<PageActivity>),
        typeof(CamelCaseConverter<RowState>),
        typeof(CamelCaseConverter<RunStatusKind>),
        typeof(CamelCaseConverter<VerdictKind>),
    ]
)]
[JsonSerializable(typeof(PageInfo))]
[JsonSerializable(typeof(PageState))]
[JsonSerializable(typeof(PageCommand))]
internal sealed partial class PageJson : JsonSerializerContext;

/// <summary>An enum as the camel-case name of its value.</summary>
/// <typeparam name="T">The enum.</typeparam>
public sealed class CamelCaseConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase)
    where T : struct, Enum;
