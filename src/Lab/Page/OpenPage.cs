using System.Threading.Channels;

namespace CiliumDebugging.Lab.Page;

/// <summary>The events that wait for one open page; at most eight.</summary>
/// <param name="watching">What makes the page a reader of the live state.</param>
public sealed class OpenPage(IDisposable watching) : IDisposable
{
    private const int MaxWaiting = 8;

    private readonly Channel<byte[]> _events = Channel.CreateBounded<byte[]>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true }
    );

    /// <summary>Whether an event was lost because too many were waiting.</summary>
    internal bool IsBehind { get; private set; }

    internal ChannelReader<byte[]> Events => _events.Reader;

    internal void Send(byte[] bytes) => IsBehind |= !_events.Writer.TryWrite(bytes);

    /// <summary>Discards the waiting events and begins again with the whole.</summary>
    internal void Restart(ReadOnlySpan<byte[]> whole)
    {
        while (_events.Reader.TryRead(out _)) { }
        IsBehind = false;
        foreach (var bytes in whole)
            Send(bytes);
    }

    internal void Complete() => _events.Writer.TryComplete();

    /// <inheritdoc/>
    public void Dispose()
    {
        watching.Dispose();
        Complete();
    }
}
