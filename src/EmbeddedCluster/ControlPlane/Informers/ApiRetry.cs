using System.Net;
using k8s.Autorest;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;

/// <summary>
/// Calls of the API that no later round of a controller repeats: they are made again while it does not answer.
/// </summary>
internal static class ApiRetry
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Makes a call, again every 100 ms while the connection fails, the call times out, or the answer is 429 or 5xx.
    /// </summary>
    /// <exception cref="HttpOperationException">Another answer that is an error.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    public static async Task UntilAnsweredAsync(
        Func<CancellationToken, Task> call,
        TimeProvider time,
        CancellationToken stop
    )
    {
        while (true)
        {
            try
            {
                await call(stop);
                return;
            }
            catch (Exception e) when (MayPass(e) && !stop.IsCancellationRequested)
            {
                await Task.Delay(s_pause, time, stop);
            }
        }
    }

    /// <summary>Whether the same call may succeed later.</summary>
    public static bool MayPass(Exception e) =>
        e is HttpOperationException { Response.StatusCode: var status }
            ? status is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError
            : e is HttpRequestException or IOException or OperationCanceledException;
}
