using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace CiliumDebugging.LoadTest.Attack.Engines.Native;

/// <summary>A native sockaddr_in or sockaddr_in6 that is built once; only its port is changed later.</summary>
internal sealed unsafe class SockAddr : IDisposable
{
    // sizeof(sockaddr_in6); sockaddr_in is 16.
    private const int MaxLength = 28;

    private byte* _bytes = (byte*)NativeMemory.AllocZeroed(MaxLength);

    public SockAddr(IPEndPoint endPoint)
    {
        var isV4 = endPoint.AddressFamily is AddressFamily.InterNetwork;
        Family = isV4 ? 2 : 10;
        Length = isV4 ? 16 : MaxLength;
        *(ushort*)_bytes = (ushort)Family;
        SetPort(endPoint.Port);
        endPoint.Address.TryWriteBytes(new Span<byte>(_bytes + (isV4 ? 4 : 8), 16), out _);
        if (!isV4)
            *(uint*)(_bytes + 24) = (uint)endPoint.Address.ScopeId;
    }

    public int Family { get; }

    public int Length { get; }

    public void* Bytes => _bytes;

    public void SetPort(int port) => BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(_bytes + 2, 2), (ushort)port);

    /// <summary>Port a connected socket has on this side; 0 when the socket has none.</summary>
    public static int LocalPort(int fd)
    {
        var bytes = stackalloc byte[MaxLength];
        var length = MaxLength;
        return Libc.GetSockName(fd, bytes, &length) == 0
            ? BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(bytes + 2, 2))
            : 0;
    }

    public void Dispose()
    {
        NativeMemory.Free(_bytes);
        _bytes = null;
    }
}
