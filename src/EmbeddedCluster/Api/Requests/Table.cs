using System.Globalization;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Printing;
using CiliumDebugging.EmbeddedCluster.Api.Storage;

namespace CiliumDebugging.EmbeddedCluster.Api.Requests;

/// <summary>What a client accepts: whole objects, or rows as <c>kubectl get</c> prints them.</summary>
internal enum Form
{
    Objects,
    Table,
    Unknown,
}

/// <summary>The server-side table of a kind (meta.k8s.io/v1, kind Table).</summary>
internal sealed class Table(ResourceKind kind, DateTimeOffset now, string includeObject)
{
    /// <summary>The first acceptable form of the Accept header.</summary>
    public static Form Accepted(HttpRequest request)
    {
        var accepts = request.Headers.Accept.ToString();
        if (accepts.Length == 0)
            return Form.Objects;
        foreach (var accept in accepts.Split(','))
        {
            var parts = accept.Split(';', StringSplitOptions.TrimEntries);
            if (parts[0] is not ("application/json" or "*/*" or "application/*"))
                continue;
            if (parts.Contains("as=Table"))
            {
                if (parts.Contains("v=v1") && parts.Contains("g=meta.k8s.io"))
                    return Form.Table;
            }
            else if (
                !parts.Any(p =>
                    p.StartsWith("as=", StringComparison.Ordinal)
                    && !p.StartsWith("as=APIGroupDiscoveryList", StringComparison.Ordinal)
                )
            )
            {
                return Form.Objects;
            }
        }
        return Form.Unknown;
    }

    /// <summary>For a request that accepts tables; null when it wants objects.</summary>
    public static Table? For(HttpContext context, ResourceKind kind, TimeProvider time) =>
        Accepted(context.Request) == Form.Table
            ? new Table(kind, time.GetUtcNow(), context.Request.Query["includeObject"].ToString())
            : null;

    public JsonObject Of(IEnumerable<StoredObject> objects, JsonObject metadata) =>
        new()
        {
            ["kind"] = "Table",
            ["apiVersion"] = "meta.k8s.io/v1",
            ["metadata"] = metadata,
            ["columnDefinitions"] = new JsonArray([.. kind.Columns.Select(Definition)]),
            ["rows"] = new JsonArray([.. objects.Select(Row)]),
        };

    public JsonObject Of(StoredObject o) =>
        Of([o], new JsonObject { ["resourceVersion"] = o.ResourceVersion.ToString(CultureInfo.InvariantCulture) });

    private static JsonNode Definition(TableColumn column) =>
        new JsonObject
        {
            ["name"] = column.Name,
            ["type"] = column.Type,
            ["format"] = column.Name == "Name" ? "name" : "",
            ["description"] = "",
            ["priority"] = column.Priority,
        };

    private JsonNode Row(StoredObject o)
    {
        var row = new JsonObject { ["cells"] = new JsonArray([.. kind.Columns.Select(c => c.Cell(o.View, now))]) };
        row["object"] = includeObject switch
        {
            "None" => null,
            "Object" => o.Copy(),
            _ => new JsonObject
            {
                ["kind"] = "PartialObjectMetadata",
                ["apiVersion"] = "meta.k8s.io/v1",
                ["metadata"] = o.View["metadata"]!.DeepClone(),
            },
        };
        return row;
    }
}
