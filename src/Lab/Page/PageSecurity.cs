using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace CiliumDebugging.Lab.Page;

/// <summary>
/// The page's access rules. It is on loopback, and a request must name a loopback host, which prevents DNS rebinding.
/// Commands must come from the page's own origin and need the token, which only the printed link has.
/// </summary>
/// <param name="token">The token of commands.</param>
/// <param name="port">The page's port.</param>
internal sealed class PageSecurity(string token, int port)
{
    /// <summary>The header that carries the token.</summary>
    public const string TokenHeader = "X-Page-Token";

    private const string NoEmbedding = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    private const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + NoEmbedding;
    private const string ReportPolicy =
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; " + NoEmbedding + "; sandbox";

    private readonly byte[] _token = Encoding.ASCII.GetBytes(token);

    // Browsers omit the scheme's default port in Host and Origin.
    private readonly string[] _hosts =
    [
        .. ((string[])["127.0.0.1", "localhost", "[::1]"]).SelectMany(host =>
            port == 80 ? (string[])[host, $"{host}:80"] : [$"{host}:{port}"]
        ),
    ];

    /// <summary>A fresh token: 128 random bits as 22 characters, so that the link fits into 80 columns.</summary>
    public static string NewToken() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

    /// <summary>Whether the request was addressed to this page.</summary>
    public bool IsForThisHost(HttpRequest request) =>
        _hosts.Contains(request.Host.Value, StringComparer.OrdinalIgnoreCase);

    /// <summary>Why a command is refused; null when it is not.</summary>
    public string? WhyRefused(HttpRequest request)
    {
        var origins = _hosts.Select(h => $"http://{h}");
        if (!origins.Contains(request.Headers.Origin.ToString(), StringComparer.OrdinalIgnoreCase))
            return "commands must come from the page itself (header Origin)";
        if (request.Headers.TryGetValue("Sec-Fetch-Site", out var site) && site != "same-origin")
            return "commands must come from the page itself (header Sec-Fetch-Site)";
        return request.Headers.TryGetValue(TokenHeader, out var given) && Matches(given)
            ? null
            : "open the page by the link that the terminal shows: it carries the token that commands need";
    }

    /// <summary>
    /// Whether a stream of events is opened with the token, in the query because a browser lets it set no header.
    /// </summary>
    public bool HasToken(HttpRequest request) => Matches(request.Query["token"]);

    /// <summary>Sets the headers of every response.</summary>
    public static void Protect(HttpResponse response)
    {
        var headers = response.Headers;
        headers.ContentSecurityPolicy = PagePolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }

    /// <summary>A report has inline styles and no scripts.</summary>
    public static void ProtectReport(HttpResponse response) => response.Headers.ContentSecurityPolicy = ReportPolicy;

    private bool Matches(StringValues given) =>
        given is [{ Length: > 0 and <= 128 } one]
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), _token);
}
