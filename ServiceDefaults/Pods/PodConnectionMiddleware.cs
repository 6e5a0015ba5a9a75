using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;

namespace CiliumDebugging.ServiceDefaults.Pods;

/// <summary>Kestrel connection middleware of a Pod's process: takes the PROXY header off, gives the connection its
/// original source, and ends every connection that does not carry the Pod's token. This is why policy holds although
/// the process listens on an ordinary loopback address.</summary>
internal sealed class PodConnectionMiddleware(ConnectionDelegate next, byte[] token, TimeProvider time)
{
    // The header follows the connection at once, but even that takes long on a machine without a free processor.
    private static readonly TimeSpan s_headerTimeout = TimeSpan.FromSeconds(20);

    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        if (await ReadHeaderAsync(connection))
            await next(connection);
        else
            connection.Abort(new ConnectionAbortedException("the connection did not come from the datapath"));
    }

    private async ValueTask<bool> ReadHeaderAsync(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        using var timeout = new CancellationTokenSource(s_headerTimeout, time);
        try
        {
            var read = await input.ReadAtLeastAsync(ProxyProtocol.HeaderLength, timeout.Token);
            if (read.Buffer.Length < ProxyProtocol.HeaderLength)
                return false;
            var header = read.Buffer.Slice(0, ProxyProtocol.HeaderLength);
            var accepted = Accept(header, out var source, out var destination);
            input.AdvanceTo(header.End);
            if (!accepted)
                return false;
            connection.RemoteEndPoint = source;
            connection.LocalEndPoint = destination;
            return true;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ConnectionResetException)
        {
            return false;
        }
    }

    private bool Accept(in ReadOnlySequence<byte> bytes, out IPEndPoint source, out IPEndPoint destination)
    {
        Span<byte> header = stackalloc byte[ProxyProtocol.HeaderLength];
        bytes.CopyTo(header);
        return ProxyProtocol.TryRead(header, out source, out destination, out var given)
            && CryptographicOperations.FixedTimeEquals(given, token);
    }
}
