using CiliumDebugging.EmbeddedCluster.Api.Status;
using CiliumDebugging.EmbeddedCluster.Api.Storage;

namespace CiliumDebugging.EmbeddedCluster.Api.Requests;

/// <summary>The query string of lists and watches.</summary>
internal static class ListQuery
{
    public static Outcome<Selection> Selection(IQueryCollection query, RequestTarget target) =>
        Storage.Selection.Parse(target.Kind, target.Namespace, query["labelSelector"], query["fieldSelector"]);

    public static Outcome<ListPage> Page(IQueryCollection query)
    {
        var (limitText, limit) = (query["limit"].ToString(), 0);
        if (limitText.Length > 0 && (!int.TryParse(limitText, out limit) || limit < 0))
            return ApiStatus.BadRequest("limit must be a number from 0 on");
        var version = query["resourceVersion"].ToString();
        if (query["continue"].ToString() is { Length: > 0 } token)
            return version is "" or "0"
                ? ListPage.FromToken(token, limit)
                : ApiStatus.BadRequest("specifying resource version is not allowed when using continue");
        if (Version(version) is not { } number)
            return BadVersion;
        return query["resourceVersionMatch"].ToString() switch
        {
            "Exact" when number > 0 => new ListPage(limit, number),
            "" or "NotOlderThan" => new ListPage(limit) { NotOlderThan = number },
            _ => ApiStatus.BadRequest("resourceVersionMatch must be Exact or NotOlderThan, with a resourceVersion"),
        };
    }

    public static ApiStatus BadVersion { get; } =
        ApiStatus.BadRequest("resourceVersion: Invalid value: must be a number that the server gave");

    /// <summary>A resourceVersion; 0 when absent, null when it is not a number.</summary>
    public static long? Version(string text)
    {
        if (text.Length == 0)
            return 0;
        return long.TryParse(text, System.Globalization.NumberStyles.None, null, out var version) ? version : null;
    }
}
