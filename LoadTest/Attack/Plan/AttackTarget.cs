using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using CiliumDebugging.LoadTest.Attack.Responders;

namespace CiliumDebugging.LoadTest.Attack.Plan;

/// <summary>One HTTP request and where it is sent.</summary>
public sealed partial record AttackTarget
{
    /// <summary>HTTP method; a token. Default GET.</summary>
    public string Method { get; init; } = "GET";

    /// <summary>Path and query, beginning with a slash (or <c>*</c> for OPTIONS). Default <c>/</c>.</summary>
    public string Path { get; init; } = "/";

    /// <summary>Value of the Host header, e.g. <c>backend-1.backend:8080</c>. Required.</summary>
    public required string Host { get; init; }

    /// <summary>Address and port that are dialled. Names are resolved before the attack, so DNS is not
    /// measured.</summary>
    public required IPEndPoint EndPoint { get; init; }

    /// <summary>True for https. Only the HttpClient engine can do that.</summary>
    public bool IsTls { get; init; }

    /// <summary>Further headers, in order. Host, Content-Length, Connection and Transfer-Encoding are set by the
    /// generator.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Request body; empty for none.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The URL of a target: an absolute one of http or https, whose port is not 0, without credentials and
    /// without the zone of an address, neither of which would be sent, and without white space and characters that are
    /// not seen, which would be sent as %XX.</summary>
    /// <param name="text">The URL as written.</param>
    /// <returns>The URL; or what is wrong with it, without its credentials.</returns>
    public static (Uri? Url, string? Problem) ReadUrl(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var shown = Credentials().Replace(text, "//(hidden)@");
        if (text.Any(IsUnseen))
            return (
                null,
                $"url '{shown}': expected no white space or control characters, found U+{(int)text.First(IsUnseen):X4}; "
                    + "leave out what does not belong to the URL, or write it as %XX"
            );
        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var url)
            || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)
            || url.Port == 0
        )
            return (null, $"url '{shown}': expected http://host[:port]/path");
        if (url.UserInfo.Length > 0)
            return (null, $"url '{shown}': expected no credentials; give --header 'Authorization: Basic …'");
        if (url.HostNameType is UriHostNameType.IPv6 && text.AsSpan(0, text.IndexOf(']')).Contains('%'))
            return (null, $"url '{shown}': expected an address without a zone; give a global address or a name");
        return (url, null);
    }

    private static bool IsUnseen(char c) =>
        char.IsWhiteSpace(c) || char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format;

    [GeneratedRegex("//[^/?#]*@", RegexOptions.CultureInvariant)]
    private static partial Regex Credentials();

    /// <summary>The target of a URL and an already resolved endpoint.</summary>
    public static AttackTarget For(Uri uri, IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(uri);
        // IdnHost leaves out the brackets of an IPv6 address, which belong to the header (RFC 9110 §7.2); Host has
        // them, and no zone.
        var host = uri.HostNameType is UriHostNameType.IPv6 ? uri.Host : uri.IdnHost;
        return new AttackTarget
        {
            Host = uri.IsDefaultPort ? host : $"{host}:{uri.Port}",
            Path = uri.PathAndQuery,
            EndPoint = endPoint,
            IsTls = uri.Scheme == Uri.UriSchemeHttps,
        };
    }

    /// <summary>What is wrong with this target; empty when nothing is.</summary>
    public IEnumerable<string> Problems()
    {
        if (Method.Length == 0 || Method.AsSpan().ContainsAnyExcept(HttpToken.Chars))
            yield return $"method '{Method}': expected a token such as GET or POST";
        if (!(Path.StartsWith('/') || Path == "*") || HasIllegal(Path, alsoSpace: true))
            yield return $"path '{Path}': expected it to begin with / and to hold no spaces or control characters";
        if (Host.Length == 0 || HasIllegal(Host, alsoSpace: true))
            yield return $"host '{Host}': expected a name, with a port where it is not the scheme's";
        if (EndPoint.Port is < 1 or > 65535)
            yield return $"port {EndPoint.Port}: expected 1 to 65535";
        foreach (var (name, value) in Headers)
        {
            if (
                name.Length == 0
                || name.AsSpan().ContainsAnyExcept(HttpToken.Chars)
                || HasIllegal(value, alsoSpace: false)
            )
                yield return $"header '{name}: {value}': expected NAME: VALUE without control characters";
            else if (IsGenerators(name))
                yield return $"header '{name}': the generator sets it itself; leave it out";
        }
    }

    private static bool IsGenerators(string name) =>
        name.Equals("Host", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Connection", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase);

    private static bool HasIllegal(string text, bool alsoSpace)
    {
        foreach (var c in text)
        {
            if (c is (< ' ' and not '\t') or '\u007F' or > 'ÿ' || (alsoSpace && c is (' ' or '\t')))
                return true;
        }
        return false;
    }
}
