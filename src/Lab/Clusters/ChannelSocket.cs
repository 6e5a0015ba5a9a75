using System.Net.WebSockets;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>
/// A WebSocket of Kubernetes' remote commands: each message begins with the number of its channel. Reading can be
/// cancelled at any moment. KubernetesClient's own demultiplexer blocks a thread in each read, and a command that
/// never ends would block it forever.
/// </summary>
/// <param name="socket">The socket; owned.</param>
internal sealed class ChannelSocket(WebSocket socket) : IDisposable
{
    /// <summary>The protocol that every API server speaks.</summary>
    public const string Protocol = "v4.channel.k8s.io";

    private readonly byte[] _buffer = new byte[16 * 1024];
    private byte? _channel;

    /// <summary>The next data; null when the other side has ended.</summary>
    /// <returns>The channel, and data that is valid until the next call.</returns>
    public async ValueTask<(byte Channel, ReadOnlyMemory<byte> Data)?> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await socket.ReceiveAsync(_buffer.AsMemory(), cancellationToken);
            if (result.MessageType is WebSocketMessageType.Close)
                return null;
            var data = _buffer.AsMemory(0, result.Count);
            if (_channel is null)
            {
                if (data.IsEmpty)
                    continue;
                (_channel, data) = (data.Span[0], data[1..]);
            }
            var channel = _channel.Value;
            // A long message comes in parts, and only the first has the number.
            if (result.EndOfMessage)
                _channel = null;
            return (channel, data);
        }
    }

    /// <summary>Sends data on a channel.</summary>
    public ValueTask SendAsync(byte channel, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var message = new byte[data.Length + 1];
        message[0] = channel;
        data.CopyTo(message.AsMemory(1));
        return socket.SendAsync(message.AsMemory(), WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
    }

    public void Dispose() => socket.Dispose();
}
