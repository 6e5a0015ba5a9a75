using System.Text.Json.Nodes;

namespace CiliumDebugging.EmbeddedCluster.Api.Printing;

/// <summary>A column of <c>kubectl get</c>.</summary>
/// <param name="Name">Header.</param>
/// <param name="Type">OpenAPI type: string, integer, date.</param>
/// <param name="Priority">0: always shown, 1: with <c>-o wide</c>.</param>
/// <param name="Cell">Value of the cell from the object and the current time.</param>
internal sealed record TableColumn(
    string Name,
    string Type,
    int Priority,
    Func<JsonObject, DateTimeOffset, JsonNode?> Cell
);
