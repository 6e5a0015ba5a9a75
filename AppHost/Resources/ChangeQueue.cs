using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>
/// Makes changes one after the other: what they change needs no lock. Disposing it makes those that wait.
/// </summary>
internal sealed partial class ChangeQueue : IAsyncDisposable
{
    /// <summary>Changes that wait; the watches wait when there are more.</summary>
    private const int MaxLength = 256;

    private readonly Channel<Func<Task>> _changes = Channel.CreateBounded<Func<Task>>(MaxLength);
    private readonly ILogger _log;
    private readonly Task _making;
    private volatile bool _isEnding;

    public ChangeQueue(ILogger log)
    {
        _log = log;
        _making = MakeAsync();
    }

    /// <summary>Adds a change, once there is room for it.</summary>
    public ValueTask AddAsync(Func<Task> change, CancellationToken cancellationToken) =>
        _changes.Writer.WriteAsync(change, cancellationToken);

    /// <summary>Adds a change unless the queue is full or has ended.</summary>
    public void TryAdd(Func<Task> change) => _changes.Writer.TryWrite(change);

    private async Task MakeAsync()
    {
        await foreach (var change in _changes.Reader.ReadAllAsync())
        {
            try
            {
                await change();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // One row that cannot be shown must not keep the others from being shown.
                if (!_isEnding)
                    LogNotShown(_log, e);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _isEnding = true;
        _changes.Writer.TryComplete();
        await _making;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A row of the cluster could not be shown")]
    private static partial void LogNotShown(ILogger logger, Exception exception);
}
