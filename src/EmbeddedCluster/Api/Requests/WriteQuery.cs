using CiliumDebugging.EmbeddedCluster.Api.Patching;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;
using CiliumDebugging.EmbeddedCluster.Api.Status;
using CiliumDebugging.EmbeddedCluster.Api.Storage;
using Microsoft.Net.Http.Headers;

namespace CiliumDebugging.EmbeddedCluster.Api.Requests;

/// <summary>The query string of writes.</summary>
internal sealed record WriteQuery(WriteOptions Options, FieldManager Manager, bool HasManager, bool Force)
{
    private const int MaxManagerLength = 128;
    private const int MaxWarningLength = 200;

    public static Outcome<WriteQuery> Parse(HttpContext context, RequestTarget target, bool isApply = false)
    {
        var query = context.Request.Query;
        var dryRun = query["dryRun"].ToString();
        if (dryRun is not ("" or "All"))
            return ApiStatus.BadRequest("dryRun: Unsupported value: supported values: \"All\"");
        var validation = query["fieldValidation"].ToString();
        if (validation is not ("" or "Strict" or "Warn" or "Ignore"))
            return ApiStatus.BadRequest(
                "fieldValidation: Unsupported value: supported values: \"Ignore\", \"Strict\", \"Warn\""
            );
        var given = query["fieldManager"].ToString();
        var badManager = $"fieldManager: Invalid value: must be at most {MaxManagerLength} printable characters";
        if (given.Length > MaxManagerLength || given.Any(char.IsControl))
            return ApiStatus.BadRequest(badManager);
        var force = query["force"].ToString();
        if (force is not ("" or "true" or "false" or "1" or "0"))
            return ApiStatus.BadRequest("force must be true or false");
        var manager = new FieldManager(
            given.Length > 0 ? given : FromUserAgent(context.Request),
            isApply,
            target.Subresource == "status"
        );
        var options = new WriteOptions(target.Subresource == "status", dryRun == "All")
        {
            Unknown = validation == "Ignore" ? null : new UnknownFields(validation == "Strict"),
            Manager = isApply ? null : manager,
        };
        return new WriteQuery(options, manager, given.Length > 0, force is "true" or "1");
    }

    /// <summary>Tells the client which members were dropped, and what else there is to know.</summary>
    public void Warn(HttpContext context, IEnumerable<string> warnings)
    {
        foreach (var path in Options.Unknown?.Found ?? [])
            context.Response.Headers.Append(HeaderNames.Warning, $"299 - \"unknown field \\\"{Printable(path)}\\\"\"");
        foreach (var warning in warnings)
            context.Response.Headers.Append(HeaderNames.Warning, $"299 - \"{Printable(warning)}\"");
    }

    private static string FromUserAgent(HttpRequest request)
    {
        var agent = request.Headers.UserAgent.ToString().Split('/')[0];
        return agent.Length is > 0 and <= MaxManagerLength ? agent : "unknown";
    }

    // A member's name comes from the network and must not break the header.
    private static string Printable(string text)
    {
        var printable = text.Take(MaxWarningLength).Select(c => c is >= ' ' and <= '~' and not ('"' or '\\') ? c : '?');
        return string.Concat(printable);
    }
}
