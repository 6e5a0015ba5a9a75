using System.Net;
using Microsoft.AspNetCore.Http;

namespace CiliumDebugging.ServiceDefaults;

/// <summary>Which requests have spans, and how spans of HTTP requests are named.</summary>
public static class SpanNames
{
    private static readonly PathString[] s_untraced = ["/health", "/alive", "/metrics"];

    /// <summary>Whether requests to a path are traced: health checks and scrapes are not.</summary>
    public static bool IsTraced(PathString path) =>
        !s_untraced.Any(u => path.StartsWithSegments(u, StringComparison.OrdinalIgnoreCase));

    /// <summary>Method and Service, such as <c>POST backend-1</c> for <c>backend-1.backend:8080</c>. A host of one or
    /// two labels, or with <c>svc</c> as third one, is taken for a Service's name; every other host is kept
    /// whole.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="host">The Host header, with or without a port; may be empty.</param>
    public static string Of(string method, string host)
    {
        ArgumentNullException.ThrowIfNull(host);
        var colon = host.LastIndexOf(':');
        var name = colon > host.LastIndexOf(']') ? host[..colon] : host;
        return name.Length == 0 ? method : $"{method} {ServiceOf(name)}";
    }

    private static string ServiceOf(string host)
    {
        if (IPAddress.TryParse(host, out _))
            return host;
        var labels = host.Split('.', 4);
        return labels.Length <= 2 || labels[2] == "svc" ? labels[0] : host;
    }
}
