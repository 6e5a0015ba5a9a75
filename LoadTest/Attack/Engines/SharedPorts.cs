namespace CiliumDebugging.LoadTest.Attack;

/// <summary>Client ports shared by the threads of an engine, and the numbering of its connections.</summary>
internal sealed class SharedPorts(ClientPorts? ports)
{
    private readonly Lock _gate = new();
    private long _connections;

    /// <summary>True when the kernel chooses.</summary>
    public bool IsKernel => ports is null;

    /// <summary>Number of the next connection, from 0.</summary>
    public long NextConnection() => Interlocked.Increment(ref _connections) - 1;

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
