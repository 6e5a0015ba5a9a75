namespace CiliumDebugging.ServiceDefaults.Pods;

/// <summary>Tells a Pod's process that the kubelet it was started by is gone: then standard input ends, which the
/// kubelet held open.</summary>
public static class KubeletWatch
{
    /// <summary>Calls <paramref name="gone"/> once, from a thread of its own, when standard input has ended.</summary>
    /// <remarks>Reading standard input blocks and cannot be cancelled: the thread leaves the pool's alone, and is in
    /// the background, so that it holds nothing up.</remarks>
    public static void Start(Action gone)
    {
        ArgumentNullException.ThrowIfNull(gone);
        new Thread(() => ReadToEnd(gone), maxStackSize: 256 * 1024) { IsBackground = true, Name = "kubelet" }.Start();
    }

    private static void ReadToEnd(Action gone)
    {
        using var input = Console.OpenStandardInput();
        var buffer = new byte[256];
        while (input.Read(buffer) > 0)
        {
            // A kubelet says nothing.
        }
        gone();
    }
}
