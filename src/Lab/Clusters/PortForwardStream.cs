using System.Text;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>One port of a port-forward as a stream: channel 0 is its data, channel 1 says what went wrong, and each begins with the port's number.</summary>
/// <param name="socket">The socket; owned.</param>
internal sealed class PortForwardStream(ChannelSocket socket) : Stream
{
    private const int PortBytes = 2;
    private readonly int[] _toSkip = [PortBytes, PortBytes];
    private ReadOnlyMemory<byte> _pending;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The Pod does not listen on the port, or the connection to it broke; the message has the kubelet's words.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_pending.IsEmpty)
        {
            if (await socket.ReceiveAsync(cancellationToken) is not { } received)
                return 0;
            if (received.Channel >= _toSkip.Length)
                continue;
            var skipped = Math.Min(_toSkip[received.Channel], received.Data.Length);
            _toSkip[received.Channel] -= skipped;
            var data = received.Data[skipped..];
            if (received.Channel == 1 && !data.IsEmpty)
                throw new IOException($"port-forward: {Encoding.UTF8.GetString(data.Span).Trim()}");
            _pending = data;
        }
        var count = Math.Min(buffer.Length, _pending.Length);
        _pending[..count].CopyTo(buffer);
        _pending = _pending[count..];
        return count;
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        socket.SendAsync(0, buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("only asynchronous reads");

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("only asynchronous writes");

    /// <inheritdoc/>
    public override void Flush() { }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            socket.Dispose();
        base.Dispose(disposing);
    }
}
