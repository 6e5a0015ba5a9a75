using System.Collections.Immutable;
using System.Text.Json.Serialization;
using CiliumDebugging.LoadTest.Report.Document;
using CiliumDebugging.LoadTest.Views;

namespace CiliumDebugging.LoadTest.Page;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(LabInfo))]
[JsonSerializable(typeof(LabState))]
[JsonSerializable(typeof(LabCommand))]
internal sealed partial class PageJson : JsonSerializerContext;
