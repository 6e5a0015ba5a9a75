using System.Text;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>
/// One port of a port-forward as a stream: channel 0 is its data, channel 1 its errors, and each begins with the
/// port's number.
/// </summary>
/// <param name="socket">The socket; owned.</param>
internal sealed class PortForwardStream(ChannelSocket socket) : Stream
{
    private const int PortBytes = 2;
    private readonly int[] _toSkip = [PortBytes, PortBytes];
    private ReadOnlyMemory<byte> _pending;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="IOException">
    /// The Pod does not listen, or the connection to it broke; the message is the kubelet's.
    /// </exception>
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

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        socket.SendAsync(0, buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("only asynchronous reads");

    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("only asynchronous writes");

    public override void Flush() { }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            socket.Dispose();
        base.Dispose(disposing);
    }
}
