using System.Text.Json.Serialization;
using CiliumDebugging.LoadTest.Attack;

namespace CiliumDebugging.LoadTest.Pod;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AttackOrder))]
[JsonSerializable(typeof(RecordLine))]
[JsonSerializable(typeof(AttackState))]
public sealed partial class PodJson : JsonSerializerContext;
