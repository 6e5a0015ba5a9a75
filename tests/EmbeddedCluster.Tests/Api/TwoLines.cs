using CiliumDebugging.EmbeddedCluster.Api.Requests;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api;

/// <summary>The output of a Pod that printed two lines, a second apart.</summary>
internal sealed class TwoLines : IPodLogs
{
    public async IAsyncEnumerable<PodLogLine> ReadAsync(
        string ns,
        string podName,
        int? tailLines,
        bool follow,
        bool previous,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        PodLogLine[] lines = [new(start, "first"), new(start.AddSeconds(1), "second")];
        foreach (var line in lines.TakeLast(tailLines ?? 2))
        {
            await Task.Yield();
            yield return line;
        }
    }
}
