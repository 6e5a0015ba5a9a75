using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines;

/// <summary>Client ports and sockets shared by the threads of an engine, and the numbering of its
/// connections.</summary>
internal sealed class SharedPorts(ClientPorts? ports)
{
    private readonly Lock _gate = new();
    private long _connections;
    private int _socketsLeft = OperatingSystem.IsLinux() ? Libc.SocketsMax() : int.MaxValue;

    /// <summary>True when the kernel chooses.</summary>
    public bool IsKernel => ports is null;

    /// <summary>Number of the next connection, from 0.</summary>
    public long NextConnection() => Interlocked.Increment(ref _connections) - 1;

    /// <summary>Asks to open a socket; false when the runtime needs the files that are left, see
    /// <see cref="Libc.SocketsMax"/>.</summary>
    public bool TryOpen()
    {
        if (Interlocked.Decrement(ref _socketsLeft) >= 0)
            return true;
        Closed();
        return false;
    }

    /// <summary>A socket has been closed, or was not opened after all.</summary>
    public void Closed() => Interlocked.Increment(ref _socketsLeft);

    /// <summary>Takes a port; 0 when the kernel chooses. False when all are in use.</summary>
    public bool TryTake(out int port)
    {
        port = 0;
        if (ports is null)
            return true;
        lock (_gate)
            return ports.TryTake(out port);
    }

    /// <summary>Gives a port back; nothing for 0.</summary>
    public void Release(int port)
    {
        if (ports is null || port == 0)
            return;
        lock (_gate)
            ports.Release(port);
    }
}
