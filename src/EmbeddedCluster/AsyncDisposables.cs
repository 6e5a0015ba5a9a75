namespace CiliumDebugging.EmbeddedCluster;

/// <summary>Disposes what was added to it, last first, and all of it whatever fails on the way.</summary>
internal sealed class AsyncDisposables : IAsyncDisposable
{
    private readonly Stack<object> _parts = new();

    /// <summary>Adds something disposable, synchronously or asynchronously, and returns it.</summary>
    public T Add<T>(T part)
        where T : notnull
    {
        _parts.Push(part);
        return part;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_parts.TryPop(out var part))
            return;
        try
        {
            if (part is IAsyncDisposable asynchronous)
                await asynchronous.DisposeAsync();
            else
                (part as IDisposable)?.Dispose();
        }
        finally
        {
            await DisposeAsync();
        }
    }
}
