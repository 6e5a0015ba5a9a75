using System.Diagnostics;

namespace CiliumDebugging.Testing;

/// <summary>Waits for conditions, with a deadline.</summary>
internal static class Eventually
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    /// <summary>The first value that is not null; fails after 60 s.</summary>
    public static async Task<T> GetAsync<T>(string what, Func<Task<T?>> find)
        where T : class
    {
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            if (await find() is { } found)
                return found;
            if (Stopwatch.GetElapsedTime(since) > s_limit)
                throw new TimeoutException($"after {s_limit.TotalSeconds:0} s still not: {what}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    public static Task HoldsAsync(string what, Func<Task<bool>> condition) =>
        GetAsync(what, async () => await condition() ? what : null);

    public static Task HoldsAsync(string what, Func<bool> condition) =>
        HoldsAsync(what, () => Task.FromResult(condition()));
}
