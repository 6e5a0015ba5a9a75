using System.Buffers.Binary;
using System.Net;

namespace CiliumDebugging.ServiceDefaults.Pods;

/// <summary>PROXY protocol version 2 (haproxy.org, "The PROXY protocol", section 2.2) for TCP over IPv4, with one
/// custom TLV (type 0xE0) that carries the connection token.</summary>
public static class ProxyProtocol
{
    private const byte TokenType = 0xE0;
    private const int FixedLength = 16;
    private const int Ipv4AddressesLength = 12;

    /// <summary>Length of a whole header with its token, bytes.</summary>
    public const int HeaderLength = FixedLength + Ipv4AddressesLength + 3 + SandboxContract.ConnectionTokenLength;

    private static ReadOnlySpan<byte> Signature =>
        [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];

    /// <summary>Writes a header.</summary>
    /// <param name="header">At least <see cref="HeaderLength"/> bytes.</param>
    /// <param name="source">Original source of the connection, IPv4.</param>
    /// <param name="destination">Original destination of the connection, IPv4.</param>
    /// <param name="token">The Pod's connection token.</param>
    public static void Write(Span<byte> header, IPEndPoint source, IPEndPoint destination, ReadOnlySpan<byte> token)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        Signature.CopyTo(header);
        header[12] = 0x21; // version 2, command PROXY
        header[13] = 0x11; // TCP over IPv4
        BinaryPrimitives.WriteUInt16BigEndian(header[14..], HeaderLength - FixedLength);
        source.Address.TryWriteBytes(header[16..20], out _);
        destination.Address.TryWriteBytes(header[20..24], out _);
        BinaryPrimitives.WriteUInt16BigEndian(header[24..], (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(header[26..], (ushort)destination.Port);
        header[28] = TokenType;
        BinaryPrimitives.WriteUInt16BigEndian(header[29..], SandboxContract.ConnectionTokenLength);
        token.CopyTo(header[31..]);
    }

    /// <summary>Reads a header that <see cref="Write"/> wrote.</summary>
    /// <param name="header">Exactly <see cref="HeaderLength"/> bytes.</param>
    /// <param name="source">Original source.</param>
    /// <param name="destination">Original destination.</param>
    /// <param name="token">The token it carries.</param>
    /// <returns>False when the bytes are not such a header.</returns>
    public static bool TryRead(
        ReadOnlySpan<byte> header,
        out IPEndPoint source,
        out IPEndPoint destination,
        out ReadOnlySpan<byte> token
    )
    {
        source = destination = new IPEndPoint(IPAddress.None, 0);
        token = default;
        if (
            header.Length != HeaderLength
            || !header.StartsWith(Signature)
            || header[12] != 0x21
            || header[13] != 0x11
            || BinaryPrimitives.ReadUInt16BigEndian(header[14..]) != HeaderLength - FixedLength
            || header[28] != TokenType
            || BinaryPrimitives.ReadUInt16BigEndian(header[29..]) != SandboxContract.ConnectionTokenLength
        )
            return false;
        source = new IPEndPoint(new IPAddress(header[16..20]), BinaryPrimitives.ReadUInt16BigEndian(header[24..]));
        destination = new IPEndPoint(new IPAddress(header[20..24]), BinaryPrimitives.ReadUInt16BigEndian(header[26..]));
        token = header[31..];
        return true;
    }
}
