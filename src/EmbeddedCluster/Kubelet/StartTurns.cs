namespace CiliumDebugging.EmbeddedCluster.Kubelet;

/// <summary>
/// How many programs start at the same time: a hundred .NET processes that start at once on two processors are all slow
/// to answer, and the API with them.
/// </summary>
/// <param name="count">Programs that may start at the same time, at least 1.</param>
internal sealed class StartTurns(int count) : IDisposable
{
    private readonly SemaphoreSlim _free = new(count);

    /// <summary>Two for each processor, at least four.</summary>
    public static int DefaultCount => Math.Max(4, 2 * System.Environment.ProcessorCount);

    /// <summary>Waits for a turn, which disposing gives back. Disposing it twice is harmless.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    public async Task<IDisposable> TakeAsync(CancellationToken stop)
    {
        await _free.WaitAsync(stop);
        return new Turn(_free);
    }

    public void Dispose() => _free.Dispose();

    private sealed class Turn(SemaphoreSlim free) : IDisposable
    {
        private SemaphoreSlim? _free = free;

        public void Dispose() => Interlocked.Exchange(ref _free, null)?.Release();
    }
}
