using System.Text.Json.Serialization;

namespace CiliumDebugging.LoadTest.Contract;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(AttackOrder))]
[JsonSerializable(typeof(RecordLine))]
[JsonSerializable(typeof(AttackState))]
public sealed partial class PodJson : JsonSerializerContext;
