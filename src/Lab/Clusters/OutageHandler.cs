namespace CiliumDebugging.Lab.Clusters;

/// <summary>
/// Sends a request again while the API server is away: it is being restarted, or the network to it is. Only what
/// certainly did not reach it, or changes nothing, is sent again.
/// </summary>
/// <param name="limit">How long an outage may last.</param>
/// <param name="time">Time source.</param>
public sealed class OutageHandler(TimeSpan limit, TimeProvider time) : DelegatingHandler
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(200),
        s_longestPause = TimeSpan.FromSeconds(3);

    /// <summary>As long as a run waits: 75 s.</summary>
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(75);

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
                return await base.SendAsync(request, cancellationToken);
            }
            catch (HttpRequestException e) when (MayBeSentAgain(request, e) && time.GetElapsedTime(began) < limit)
            {
                await Task.Delay(pause, time, cancellationToken);
            }
        }
    }

    private static bool MayBeSentAgain(HttpRequestMessage request, HttpRequestException e) =>
        e.HttpRequestError is HttpRequestError.ConnectionError
        || (
            request.Method == HttpMethod.Get
            && e.HttpRequestError is HttpRequestError.ResponseEnded or HttpRequestError.Unknown
        );
}
