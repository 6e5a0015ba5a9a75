using System.Collections.Immutable;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using CiliumDebugging.Lab.Clusters;

namespace CiliumDebugging.Lab.Observing;

/// <summary>A series as it was scraped.</summary>
/// <param name="Labels">Its labels, with <c>__name__</c>.</param>
/// <param name="Samples">Times (s since 1970) and values, in order.</param>
internal sealed record RawSeries(
    ImmutableDictionary<string, string> Labels,
    ImmutableArray<(double At, double Value)> Samples
)
{
    /// <summary>A label's value; empty when there is none.</summary>
    public string this[string label] => Labels.GetValueOrDefault(label, "");
}

/// <summary>
/// The HTTP API of a Prometheus: raw samples of a selector over a time. Answers are limited in length, time, depth and
/// number of samples.
/// </summary>
internal sealed class PrometheusApi : IDisposable
{
    private const int MaxBytes = 64 << 20;
    private const int MaxSamples = 2_000_000;
    private const int MaxQuoted = 120;

    private readonly HttpClient _http;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;

    public PrometheusApi(Uri address, string? token, TimeSpan timeout, TimeProvider time)
    {
        // The base address of a Prometheus behind a gateway has a path, which is kept only with a slash at its end.
        Address = address.AbsoluteUri.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/");
        (_timeout, _time) = (timeout, time);
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(5) };
        _http = new HttpClient(handler) { BaseAddress = Address, Timeout = Timeout.InfiniteTimeSpan };
        if (token is not null)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public Uri Address { get; }

    /// <summary>Evaluates <c>selector[window]</c> at a moment: the samples as they were scraped.</summary>
    /// <param name="selector">An instant vector selector.</param>
    /// <param name="windowSeconds">Length of the window, s.</param>
    /// <param name="at">Its end, s since 1970.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="ObservationException">There is no usable answer; the message says why.</exception>
    public async Task<ImmutableArray<RawSeries>> SamplesAsync(
        string selector,
        double windowSeconds,
        double at,
        CancellationToken cancellationToken
    )
    {
        var query = F($"{selector}[{Math.Max(1, (long)Math.Ceiling(windowSeconds))}s]");
        var path = F($"api/v1/query?query={Uri.EscapeDataString(query)}&time={at:0.000}");
        using var limit = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var text = await BoundedText.ReadAsync(response.Content, MaxBytes, cut: false, either.Token);
            return Parse(text, (int)response.StatusCode);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new ObservationException($"Prometheus {Address} cannot be read: {e.Message}; check --prometheus", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            var within = F($"within {_timeout.TotalSeconds:0.#} s");
            throw new ObservationException($"Prometheus {Address} gave no complete answer {within} to {query}", e);
        }
    }

    private ImmutableArray<RawSeries> Parse(string text, int status)
    {
        try
        {
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 16 });
            var root = json.RootElement;
            if (root.GetProperty("status").ValueEquals("error"))
            {
                var error = root.TryGetProperty("error", out var given) ? given.ToString() : text;
                throw new ObservationException($"Prometheus {Address} answered an error: {Cut(error)}");
            }
            var data = root.GetProperty("data");
            if (!data.GetProperty("resultType").ValueEquals("matrix"))
                throw NotPrometheus(text, status);
            var left = MaxSamples;
            return [.. data.GetProperty("result").EnumerateArray().Select(series => Series(series, ref left))];
        }
        catch (Exception e) when (IsOtherFormat(e))
        {
            throw NotPrometheus(text, status, e);
        }
    }

    private static bool IsOtherFormat(Exception e) =>
        e
            is JsonException
                or KeyNotFoundException
                or InvalidOperationException
                or FormatException
                or IndexOutOfRangeException;

    private RawSeries Series(JsonElement series, ref int left)
    {
        var labels = series
            .GetProperty("metric")
            .EnumerateObject()
            .ToImmutableDictionary(l => l.Name, l => l.Value.GetString() ?? "", StringComparer.Ordinal);
        var values = series.GetProperty("values");
        left -= values.GetArrayLength();
        if (left < 0)
            throw new ObservationException(
                $"Prometheus {Address} answered more than {MaxSamples} samples; use a shorter time (--for)"
            );
        return new RawSeries(
            labels,
            [.. values.EnumerateArray().Select(v => (v[0].GetDouble(), Value(v[1].GetString())))]
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

    private ObservationException NotPrometheus(string text, int status, Exception? cause = null) =>
        new(
            $"{Address} is not a Prometheus: it answered {status} with '{Cut(text)}'; "
                + "give the address that has /api/v1/query",
            cause
        );

    private static string Cut(string text)
    {
        var line = string.Concat(text.Take(MaxQuoted).Select(c => char.IsControl(c) ? ' ' : c)).Trim();
        return text.Length > MaxQuoted ? $"{line}…" : line;
    }

    private static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    public void Dispose() => _http.Dispose();
}
