using System.Text;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>What a proxy makes of a request's target before it applies policy.</summary>
/// <param name="Target">The normalised path with the query as it was.</param>
/// <param name="IsRedirected">Whether the proxy answers with a redirect to it (307) and does not pass the request
/// on.</param>
public readonly record struct RequestPath(string Target, bool IsRedirected)
{
    /// <summary>
    /// Normalises as Envoy does with the options that Cilium sets (<c>http-normalize-path</c>): escaped slashes are
    /// unescaped and lead to a redirect, dot segments are resolved, slashes are merged. A target that is not a path
    /// stays as it is.
    /// </summary>
    public static RequestPath Normalise(string target)
    {
        ArgumentNullException.ThrowIfNull(target);
        int end = target.AsSpan().IndexOfAny('?', '#');
        string path = end < 0 ? target : target[..end];
        string rest = end < 0 ? "" : target[end..];
        if (!path.StartsWith('/') || (!path.AsSpan(1).ContainsAny("/.%\\")))
            return new RequestPath(target, false);
        string unescaped = path.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase)
            .Replace("%5C", "\\", StringComparison.OrdinalIgnoreCase);
        return new RequestPath(
            Resolve(unescaped.Replace('\\', '/')) + rest,
            !ReferenceEquals(unescaped, path) && unescaped != path
        );
    }

    private static string Resolve(string path)
    {
        var segments = new List<string>();
        string[] all = path[1..].Split('/');
        for (int i = 0; i < all.Length; i++)
        {
            string segment = all[i].Replace("%2E", ".", StringComparison.OrdinalIgnoreCase);
            bool isLast = i == all.Length - 1;
            if (segment == ".." && segments.Count > 0)
                segments.RemoveAt(segments.Count - 1);
            // A dot segment at the end leaves its slash, and so does an empty one; others are merged.
            if (segment is "." or ".." or "")
            {
                if (isLast)
                    segments.Add("");
                continue;
            }
            segments.Add(all[i]);
        }
        var text = new StringBuilder(path.Length);
        foreach (string segment in segments)
            text.Append('/').Append(segment);
        return text.Length == 0 ? "/" : text.ToString();
    }
}
