using k8s.Autorest;

namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>Waits for a cluster to reach a state, and prints what is missing when that changes.</summary>
internal static class Waiting
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    /// <summary>Waits.</summary>
    /// <param name="missing">What is missing, in words; empty: nothing.</param>
    /// <param name="complaint">The message when it takes too long.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="time">Time source.</param>
    /// <param name="say">Prints a line for the user.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="KindException">It takes too long.</exception>
    public static async Task UntilAsync(
        Func<CancellationToken, Task<string>> missing,
        string complaint,
        TimeSpan limit,
        TimeProvider time,
        Action<string> say,
        CancellationToken cancellationToken
    )
    {
        var start = time.GetTimestamp();
        var last = "";
        while (true)
        {
            string now;
            try
            {
                now = await missing(cancellationToken);
            }
            catch (Exception e)
                when (e is HttpRequestException or HttpOperationException or IOException
                    || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested)
                )
            {
                // The API server restarts while a cluster starts, also during a request: one that times out throws
                // TaskCanceledException.
                now = $"the API does not answer: {e.Message}";
            }
            if (now.Length == 0)
                return;
            if (now != last)
                say(now);
            last = now;
            if (time.GetElapsedTime(start) > limit)
                throw new KindException(
                    $"{complaint} after {limit.TotalMinutes:0} min: {now}. "
                        + "Look at the pods (kubectl get pods -A), then up again or down"
                );
            await Task.Delay(s_interval, time, cancellationToken);
        }
    }
}
