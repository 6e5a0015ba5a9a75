using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>A header that a request must carry.</summary>
/// <param name="Name">The header's name, compared without regard to case.</param>
/// <param name="Value">The exact value, several occurrences joined by commas as Envoy does; null means presence is
/// enough.</param>
public sealed record HeaderRequirement(string Name, string? Value)
{
    internal bool Matches(IDictionary<string, StringValues>? headers)
    {
        if (headers is null || !headers.TryGetValue(Name, out var values) || values.Count == 0)
            return false;
        return Value is null || (values.Count == 1 ? values[0] : string.Join(',', values.ToArray())) == Value;
    }
}

/// <summary>One entry of <c>rules.http</c>: all of its parts must match. Equal when written with the same patterns and
/// headers.</summary>
public sealed class HttpRule : IEquatable<HttpRule>
{
    private readonly WholeStringPattern? _method;
    private readonly WholeStringPattern? _path;
    private readonly WholeStringPattern? _host;

    /// <summary>Builds a rule; a part that is null matches everything.</summary>
    /// <param name="method">Matches the method.</param>
    /// <param name="path">Matches the path with its query string.</param>
    /// <param name="host">Matches the Host header or <c>:authority</c>, including a port if one is sent.</param>
    /// <param name="headers">Headers that must all be there.</param>
    public HttpRule(
        WholeStringPattern? method,
        WholeStringPattern? path,
        WholeStringPattern? host,
        ImmutableArray<HeaderRequirement> headers
    )
    {
        (_method, _path, _host, Headers) = (method, path, host, headers.IsDefault ? [] : headers);
        Canonical = Describe();
    }

    /// <summary>The pattern of the method, or null.</summary>
    public string? Method => _method?.Pattern;

    /// <summary>The pattern of the path, or null.</summary>
    public string? Path => _path?.Pattern;

    /// <summary>The pattern of the host, or null.</summary>
    public string? Host => _host?.Pattern;

    /// <summary>The required headers.</summary>
    public ImmutableArray<HeaderRequirement> Headers { get; }

    /// <summary>Whether the rule asks for nothing.</summary>
    public bool MatchesEverything => _method is null && _path is null && _host is null && Headers.IsEmpty;

    internal string Canonical { get; }

    /// <summary>Whether a request matches all parts.</summary>
    public bool Matches(
        string requestMethod,
        string requestPath,
        string requestHost,
        IDictionary<string, StringValues>? headers
    )
    {
        if (_method is not null && !_method.Matches(requestMethod))
            return false;
        if (_path is not null && !_path.Matches(requestPath))
            return false;
        if (_host is not null && !_host.Matches(requestHost))
            return false;
        foreach (HeaderRequirement header in Headers)
        {
            if (!header.Matches(headers))
                return false;
        }
        return true;
    }

    public bool Equals(HttpRule? other) => other is not null && Canonical == other.Canonical;

    public override bool Equals(object? obj) => Equals(obj as HttpRule);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Canonical);

    public override string ToString()
    {
        var headers = string.Concat(Headers.Select(h => $" {h.Name}:{h.Value ?? "*"}"));
        return $"{Method ?? "*"} {Path ?? "*"}{(_host is null ? "" : $" host {Host}")}{headers}";
    }

    /// <summary>A text that differs whenever the rules do: parts carry their lengths.</summary>
    private string Describe()
    {
        var text = new StringBuilder();
        Append('m', Method);
        Append('p', Path);
        Append('h', Host);
        foreach (
            HeaderRequirement header in Headers
                .OrderBy(h => h.Name, StringComparer.OrdinalIgnoreCase)
                .ThenBy(h => h.Value, StringComparer.Ordinal)
        )
        {
            Append('n', header.Name.ToUpperInvariant());
            Append('v', header.Value);
        }
        return text.ToString();

        void Append(char tag, string? part)
        {
            if (part is not null)
                text.Append(CultureInfo.InvariantCulture, $"{tag}{part.Length}:{part}");
        }
    }
}
