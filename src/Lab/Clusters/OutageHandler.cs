using System.Net;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>
/// Sends a request again while the API server is away: it is being restarted, or the network to it is, or a gateway
/// answers in its place. Only what certainly did not reach it, or changes nothing, is sent again.
/// </summary>
/// <param name="limit">How long an outage may last.</param>
/// <param name="time">Time source.</param>
public sealed class OutageHandler(TimeSpan limit, TimeProvider time) : DelegatingHandler
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(200),
        s_longestPause = TimeSpan.FromSeconds(3);

    /// <summary>As long as a run waits: 75 s.</summary>
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(75);

    /// <summary>A server that answers with something else is another one, rather than away.</summary>
    private static readonly TimeSpan s_oddLimit = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        var began = time.GetTimestamp();
        for (var pause = s_firstPause; ; pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause)
        {
            try
            {
                var response = await SendOnceAsync(request, cancellationToken);
                if (!IsBusy(request, response) || time.GetElapsedTime(began) >= limit)
                    return response;
                response.Dispose();
            }
            catch (HttpRequestException e) when (MayBeSentAgain(request, e) && time.GetElapsedTime(began) < LimitOf(e))
            {
                // It is sent again.
            }
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        var response = await base.SendAsync(request, cancellationToken);
        try
        {
            await ApiAnswers.CheckAsync(request, response, cancellationToken);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private TimeSpan LimitOf(HttpRequestException e) =>
        e.HttpRequestError is HttpRequestError.InvalidResponse && s_oddLimit < limit ? s_oddLimit : limit;

    /// <summary>
    /// The server, or a gateway before it, says to come again. What a Pod answers through it is the Pod's.
    /// </summary>
    private static bool IsBusy(HttpRequestMessage request, HttpResponseMessage response) =>
        request.Method == HttpMethod.Get
        && response.StatusCode
            is HttpStatusCode.TooManyRequests
                or HttpStatusCode.BadGateway
                or HttpStatusCode.ServiceUnavailable
                or HttpStatusCode.GatewayTimeout
        && ApiAnswers.IsForObject(request);

    private static bool MayBeSentAgain(HttpRequestMessage request, HttpRequestException e) =>
        e.HttpRequestError is HttpRequestError.ConnectionError
        || (
            request.Method == HttpMethod.Get
            && e.HttpRequestError
                is HttpRequestError.ResponseEnded
                    or HttpRequestError.InvalidResponse
                    or HttpRequestError.Unknown
        );
}
