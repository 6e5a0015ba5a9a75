using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.ServiceDefaults.Processes;
using static System.FormattableString;

namespace CiliumDebugging.Lab.Observing;

/// <summary>An answer of a Prometheus.</summary>
/// <param name="Series">The series.</param>
/// <param name="Warnings">What it says of them: Thanos and Mimir answer in part when a store cannot be read.</param>
internal sealed record PrometheusAnswer(ImmutableArray<RawSeries> Series, ImmutableArray<string> Warnings);

/// <summary>
/// The HTTP API of a Prometheus: raw samples of a selector over a time. Answers are limited in length, time, depth and
/// number of samples. Credentials are in no message.
/// </summary>
internal sealed partial class PrometheusApi : IDisposable
{
    private const int MaxBytes = 64 << 20;
    private const int MaxSamples = 2_000_000;
    private const int MaxQuoted = 120;
    private const int MaxEnd = 40;

    /// <summary>A series counts as this many samples more: its labels need the memory.</summary>
    private const int SamplesOfSeries = 10;
    private const int MaxWarnings = 10;

    /// <summary>
    /// Longest path that is sent in a URL, which servers limit to 8 KiB or more; a longer one is posted.
    /// </summary>
    private const int MaxPath = 6000;
    private const int MinSecret = 4;

    private const string QueryPath = "api/v1/query";

    private const string HowToAuthenticate =
        "give credentials (--prometheus-token FILE, or --prometheus-user NAME and --prometheus-password FILE)";
    private const string HowToPassProxies =
        "give the proxy's credentials in HTTPS_PROXY or HTTP_PROXY (http://USER:PASSWORD@HOST:PORT), or name the host in "
        + "NO_PROXY";
    private const string HowToNameTheTenant = "name the tenant (--prometheus-header 'X-Scope-OrgID: TENANT')";

    private readonly PrometheusServer _server;
    private readonly HttpClient _http;
    private readonly TimeProvider _time;

    public PrometheusApi(PrometheusServer server, TimeProvider time)
    {
        // The base address of a Prometheus behind a gateway has a path, which is kept only with a slash at its end.
        var text = server.Address.GetLeftPart(UriPartial.Path);
        Address = new Uri(text.EndsWith('/') ? text : text + "/");
        (_server, _time) = (server, time);
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(5) };
        _http = new HttpClient(handler) { BaseAddress = Address, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = server.Credentials;
        foreach (var (name, value) in server.Headers)
            _http.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
    }

    public Uri Address { get; }

    /// <summary>Evaluates <c>metric{matcher}[window]</c> at a moment: the samples as they were scraped.</summary>
    /// <param name="metric">Name of a metric.</param>
    /// <param name="matcher">A matcher of labels; empty for none.</param>
    /// <param name="windowSeconds">Length of the window, s.</param>
    /// <param name="at">Its end, s since 1970.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="ObservationException">There is no usable answer; the message says why.</exception>
    public async Task<PrometheusAnswer> SamplesAsync(
        string metric,
        string matcher,
        double windowSeconds,
        double at,
        CancellationToken cancellationToken
    )
    {
        IEnumerable<string> matchers =
        [
            .. _server.Labels.Select(l => $"{l.Key}=\"{Escape(l.Value)}\""),
            .. matcher.Length > 0 ? [matcher] : Array.Empty<string>(),
        ];
        var selector = matchers.Any() ? $"{metric}{{{string.Join(',', matchers)}}}" : metric;
        var query = Invariant($"{selector}[{Math.Max(1, (long)Math.Ceiling(windowSeconds))}s]");
        var parameters = Invariant($"query={Uri.EscapeDataString(query)}&time={at:0.000}");
        using var limit = new CancellationTokenSource(_server.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var request = Request(parameters);
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var text = await BoundedText.ReadAsync(response.Content, MaxBytes, cut: false, either.Token);
            return Parse(text, response);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            var check = e is HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError }
                ? HowToPassProxies
                : "check --prometheus";
            throw new ObservationException($"Prometheus {Address} cannot be read: {e.Cause()}; {check}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            var within = Invariant($"within {_server.Timeout.TotalSeconds:0.#} s");
            throw new ObservationException($"Prometheus {Address} gave no complete answer {within} to {query}", e);
        }
    }

    private static HttpRequestMessage Request(string parameters) =>
        parameters.Length <= MaxPath
            ? new HttpRequestMessage(HttpMethod.Get, new Uri($"{QueryPath}?{parameters}", UriKind.Relative))
            : new HttpRequestMessage(HttpMethod.Post, new Uri(QueryPath, UriKind.Relative))
            {
                Content = new StringContent(parameters, Encoding.UTF8, "application/x-www-form-urlencoded"),
            };

    /// <summary>A string as PromQL writes it between quotes.</summary>
    public static string Escape(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);

    private PrometheusAnswer Parse(string text, HttpResponseMessage response)
    {
        // Whatever its form, what helps is to give credentials or a tenant.
        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            throw Refusal(text, response);
        try
        {
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 16 });
            var root = json.RootElement;
            if (root.GetProperty("status").ValueEquals("error"))
            {
                var error = root.TryGetProperty("error", out var given) ? given.ToString() : text;
                throw new ObservationException($"Prometheus {Address} answered an error: {Quote(error)}");
            }
            var data = root.GetProperty("data");
            if (!data.GetProperty("resultType").ValueEquals("matrix"))
                throw Refusal(text, response);
            // A server that has no series may write null.
            if (data.GetProperty("result").ValueKind is JsonValueKind.Null)
                return new PrometheusAnswer([], [.. Warnings(root)]);
            var left = MaxSamples;
            return new PrometheusAnswer(
                [
                    .. data.GetProperty("result")
                        .EnumerateArray()
                        .Select(series => Series(series, ref left))
                        .Where(s => _server.Labels.All(l => s[l.Key] == l.Value)),
                ],
                [.. Warnings(root)]
            );
        }
        catch (JsonException e) when (response.IsSuccessStatusCode && BeginsAsAnswer().IsMatch(text))
        {
            throw new ObservationException(
                $"Prometheus {Address} gave an incomplete answer: it ends after {text.Length} characters with "
                    + $"'{Quote(text[^Math.Min(text.Length, MaxEnd)..])}'; a proxy before it may limit answers: use a "
                    + "shorter time (--for)",
                e
            );
        }
        catch (Exception e) when (IsOtherFormat(e))
        {
            throw Refusal(text, response, e);
        }
    }

    /// <summary>What every answer begins with. JSON has no order, but every server's program has one.</summary>
    [GeneratedRegex("""^\s*\{\s*"status"\s*:\s*"success"\s*,""")]
    private static partial Regex BeginsAsAnswer();

    private static bool IsOtherFormat(Exception e) =>
        e
            is JsonException
                or KeyNotFoundException
                or InvalidOperationException
                or FormatException
                or ArgumentException
                or IndexOutOfRangeException;

    private IEnumerable<string> Warnings(JsonElement root)
    {
        if (!root.TryGetProperty("warnings", out var warnings) || warnings.ValueKind is not JsonValueKind.Array)
            return [];
        return warnings
            .EnumerateArray()
            .Where(w => w.ValueKind is JsonValueKind.String)
            .Take(MaxWarnings)
            .Select(w => Quote(w.GetString()!));
    }

    private RawSeries Series(JsonElement series, ref int left)
    {
        var labels = series
            .GetProperty("metric")
            .EnumerateObject()
            .ToImmutableSortedDictionary(l => l.Name, l => l.Value.GetString() ?? "", StringComparer.Ordinal);
        // A native histogram has no values.
        if (!series.TryGetProperty("values", out var values))
            return new RawSeries(labels, []);
        left -= SamplesOfSeries + values.GetArrayLength();
        if (left < 0)
            throw new ObservationException(
                $"Prometheus {Address} answered more than {MaxSamples} samples; use a shorter time (--for)"
            );
        return new RawSeries(
            labels,
            [
                .. values
                    .EnumerateArray()
                    .Select(v => (At: v[0].GetDouble(), Value(v[1].GetString())))
                    .DistinctBy(v => v.At)
                    .OrderBy(v => v.At),
            ]
        );
    }

    private static double Value(string? text) =>
        text switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            "NaN" => double.NaN,
            _ => double.Parse(text ?? "", NumberStyles.Float, CultureInfo.InvariantCulture),
        };

    /// <summary>What answered instead of the API, and what to do.</summary>
    private ObservationException Refusal(string text, HttpResponseMessage response, Exception? cause = null)
    {
        var answered = $"answered {(int)response.StatusCode} with '{Quote(text)}'";
        var message = response.StatusCode switch
        {
            >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => Redirect(response),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => Denied(answered, text),
            HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout =>
                $"a gateway at {Address} {answered}: the address is right, and the Prometheus behind it does "
                    + "not answer",
            HttpStatusCode.TooManyRequests =>
                $"Prometheus {Address} {answered}: it limits requests; use fewer (--requests-per-minute)",
            HttpStatusCode.ProxyAuthenticationRequired =>
                $"a proxy on the way to {Address} {answered}: it wants credentials of its own; {HowToPassProxies}",
            HttpStatusCode.RequestEntityTooLarge
            or HttpStatusCode.RequestUriTooLong
            or HttpStatusCode.RequestHeaderFieldsTooLarge =>
                $"a proxy before {Address} {answered}: it limits the length of requests; raise its limit, or give an "
                    + "address behind it",
            HttpStatusCode.MethodNotAllowed =>
                $"{Address} {answered}: it does not allow {response.RequestMessage?.Method} of /api/v1/query; a proxy "
                    + "before a Prometheus may forbid it, and other servers have no such path",
            HttpStatusCode.NotFound =>
                $"{Address} has no Prometheus API: it {answered}; give the address that has /api/v1/query, with the "
                    + "path before it",
            >= HttpStatusCode.InternalServerError => $"Prometheus {Address} {answered}: see its log",
            _ => $"{Address} is not a Prometheus: it {answered}; give the address that has /api/v1/query",
        };
        return new ObservationException(message, cause);
    }

    private string Denied(string answered, string text)
    {
        // Mimir, Cortex and Loki say so without a tenant.
        var remedy =
            text.Contains("no org id", StringComparison.OrdinalIgnoreCase) ? HowToNameTheTenant
            : _server.Credentials is null ? $"{HowToAuthenticate}, or {HowToNameTheTenant}"
            : $"the credentials that were given are not accepted; check them, or {HowToNameTheTenant}";
        return $"Prometheus {Address} refuses: it {answered}; {remedy}";
    }

    private string Redirect(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        var location = response.Headers.Location;
        var to = location is null ? null : new Uri(response.RequestMessage?.RequestUri ?? Address, location);
        // A query may have secrets.
        var shown = to?.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.SafeUnescaped);
        if (shown is null)
            return $"{Address} redirects ({status}) and does not say where: it has no Location header; give "
                + "the address that has /api/v1/query";
        var path = shown.TrimEnd('/');
        var root = path.EndsWith(QueryPath, StringComparison.Ordinal) ? path[..^QueryPath.Length] : null;
        if (root is null)
            return $"{Address} redirects ({status}) to {Quote(shown)}, which is a login or another site: "
                + HowToAuthenticate;
        if (root != Address.ToString())
            return $"{Address} redirects ({status}): give --prometheus {Quote(root)}";
        return path == shown
            ? $"{Address} redirects ({status}) to itself, as a login with a cookie does: {HowToAuthenticate}"
            : $"{Address} redirects ({status}) to the same path with a slash at its end, which a Prometheus does not "
                + "have: a proxy before it adds the slash; change its rule, or give an address behind it";
    }

    /// <summary>A part of what a server wrote, in one line and without the secrets that it was sent.</summary>
    private string Quote(string text)
    {
        foreach (var secret in SecretsSent().Where(s => s.Length >= MinSecret).OrderByDescending(s => s.Length))
            text = text.Replace(secret, Secrets.Hidden, StringComparison.Ordinal);
        return TerminalText.OneLine(text, MaxQuoted);
    }

    /// <summary>What was sent, whole, and the parts that a server may name: a password, the token after its
    /// scheme.</summary>
    private IEnumerable<string> SecretsSent()
    {
        IEnumerable<string?> values = [_server.Credentials?.Parameter, .. _server.Headers.Select(h => h.Value)];
        foreach (var value in values.OfType<string>())
        {
            // A credential alone, or after the name of its scheme.
            foreach (var part in (string[])[value, .. value.Split(' ').Skip(1)])
            {
                yield return part;
                if (PasswordOf(part) is { } password)
                    yield return password;
            }
        }
    }

    /// <summary>The password in the parameter of HTTP's Basic scheme (RFC 7617); null where it is none.</summary>
    private static string? PasswordOf(string parameter)
    {
        Span<byte> bytes = new byte[parameter.Length];
        if (!Convert.TryFromBase64String(parameter, bytes, out var length))
            return null;
        var pair = Encoding.UTF8.GetString(bytes[..length]);
        return pair.Contains(':', StringComparison.Ordinal)
            ? pair[(pair.IndexOf(':', StringComparison.Ordinal) + 1)..]
            : null;
    }

    public void Dispose() => _http.Dispose();
}
