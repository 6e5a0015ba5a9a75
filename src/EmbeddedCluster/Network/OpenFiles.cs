using System.Net.Sockets;
using System.Runtime.InteropServices;
using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.EmbeddedCluster.Network;

/// <summary>
/// How many files this process has open. The runtime ends a process that has none left when it needs a thread
/// ("Out of memory"), so connections are taken only while there are some to spare. The others wait in the kernel's queue
/// of the listener, which costs no file.
/// </summary>
internal static class OpenFiles
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(20);

    /// <summary>From this many on no connection is taken: half of what may be open, because each that was taken opens
    /// up to three more sockets on its way.</summary>
    private static readonly int s_most = FileLimit.Current is { } limit ? limit / 2 : int.MaxValue;

    /// <summary>Waits until there are files to spare.</summary>
    /// <param name="newest">The socket that was opened last.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async ValueTask WaitForRoomAsync(Socket newest, CancellationToken cancellationToken)
    {
        if (Number(newest.SafeHandle) < s_most)
            return;
        while (NextNumber() >= s_most)
            await Task.Delay(s_look, TimeProvider.System, cancellationToken);
    }

    /// <summary>The kernel gives the lowest free number: it is at least the count of those that are open.</summary>
    private static int Number(SafeHandle file) => (int)file.DangerousGetHandle();

    private static int NextNumber()
    {
        try
        {
            using var file = File.OpenHandle("/dev/null");
            return Number(file);
        }
        catch (IOException)
        {
            // There is none left.
            return int.MaxValue;
        }
    }
}
