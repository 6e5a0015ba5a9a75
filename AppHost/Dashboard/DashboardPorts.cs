using System.Net;
using System.Net.Sockets;

namespace CiliumDebugging.AppHost.Dashboard;

/// <summary>
/// The dashboard's usual ports, reserved for one lab of this machine (of this network namespace) from before they are
/// listened on until the process ends: two labs that start together must not both find them free.
/// </summary>
internal sealed class DashboardPorts : IDisposable
{
    private readonly Socket _reservation;

    private DashboardPorts(Socket reservation) => _reservation = reservation;

    /// <summary>Reserves the ports; null when another lab has them or anything listens on one of them.</summary>
    public static DashboardPorts? TryReserve(params IReadOnlyList<int> ports)
    {
        // An abstract address leaves no file behind, and is free again the moment its process has ended. Systems other
        // than Linux: a loopback port beside the three.
        var reservation = OperatingSystem.IsLinux()
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            reservation.Bind(
                OperatingSystem.IsLinux()
                    ? new UnixDomainSocketEndPoint($"\0cilium-debugging-dashboard-{ports[0]}")
                    : new IPEndPoint(IPAddress.Loopback, ports[^1] + 1)
            );
            if (ports.All(IsFree))
                return new DashboardPorts(reservation);
        }
        catch (SocketException)
        {
            // Another lab has it.
        }
        reservation.Dispose();
        return null;
    }

    /// <summary>A loopback port that is free now.</summary>
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public void Dispose() => _reservation.Dispose();
}
