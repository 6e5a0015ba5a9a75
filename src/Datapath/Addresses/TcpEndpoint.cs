using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace CiliumDebugging.Datapath.Addresses;

/// <summary>An IPv4 address and a TCP port in one number, which is compared, hashed and copied at once.</summary>
public readonly record struct TcpEndpoint
{
    private readonly ulong _value;

    /// <param name="address">The address as a number, first octet highest.</param>
    /// <param name="port">The port.</param>
    public TcpEndpoint(uint address, ushort port) => _value = ((ulong)address << 16) | port;

    /// <summary>The address as a number, first octet highest.</summary>
    public uint Address => (uint)(_value >> 16);

    /// <summary>The port.</summary>
    public ushort Port
    {
        get => (ushort)_value;
        init => _value = (_value & ~(ulong)ushort.MaxValue) | value;
    }

    /// <summary>The endpoint of a socket.</summary>
    /// <exception cref="ArgumentException">Not IPv4.</exception>
    public static TcpEndpoint From(IPEndPoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return new TcpEndpoint(AddressOf(endpoint.Address), (ushort)endpoint.Port);
    }

    /// <summary>An IPv4 address as a number, first octet highest.</summary>
    /// <exception cref="ArgumentException">Not IPv4.</exception>
    public static uint AddressOf(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetwork)
            throw new ArgumentException($"{address} is not an IPv4 address", nameof(address));
        Span<byte> bytes = stackalloc byte[4];
        address.TryWriteBytes(bytes, out _);
        return BinaryPrimitives.ReadUInt32BigEndian(bytes);
    }

    /// <summary>The number as an address.</summary>
    public static IPAddress ToIPAddress(uint address)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, address);
        return new IPAddress(bytes);
    }

    /// <summary>This endpoint for the socket API.</summary>
    public IPEndPoint ToIPEndPoint() => new(ToIPAddress(Address), Port);

    public override string ToString() => $"{ToIPAddress(Address)}:{Port}";
}

/// <summary>Source and destination of a TCP segment.</summary>
/// <param name="Source">Where it comes from.</param>
/// <param name="Destination">Where it goes.</param>
public readonly record struct FourTuple(TcpEndpoint Source, TcpEndpoint Destination);
