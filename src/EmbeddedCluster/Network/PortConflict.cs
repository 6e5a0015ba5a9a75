using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace CiliumDebugging.EmbeddedCluster.Network;

/// <summary>
/// A port that a process holds on all addresses of this machine, so that every bind of it on a loopback address fails.
/// </summary>
/// <param name="Port">The port.</param>
/// <param name="Process">Name and process id of its owner, or null where the machine does not say.</param>
public sealed record PortConflict(int Port, string? Process)
{
    /// <summary>
    /// Offsets that are tried when none is given: the ports stay below the client port range (32768 to 60999).
    /// </summary>
    private static readonly int[] s_offsets = [10_000, 20_000, 11_000, 12_000, 13_000, 14_000, 15_000];

    private static readonly string[] s_tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>Tries to listen on a port of an address, and names the process that holds it when that fails.</summary>
    public static PortConflict? Find(IPAddress address, int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(1);
            return null;
        }
        catch (SocketException e)
            when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            return new PortConflict(port, FindOwner(port));
        }
    }

    /// <summary>An offset at which all of these ports are free; null when none of those tried is one.</summary>
    public static int? FreeOffset(IPAddress address, IReadOnlyCollection<int> ports) =>
        s_offsets
            .Cast<int?>()
            .FirstOrDefault(o => ports.All(p => p + o is > 0 and < 32_768 && Find(address, p + o!.Value) is null));

    /// <summary>
    /// The process that listens on a port of the wildcard address, from /proc; null elsewhere or without permission.
    /// </summary>
    private static string? FindOwner(int port)
    {
        try
        {
            var inodes = s_tables
                .Where(File.Exists)
                .SelectMany(f => File.ReadLines(f).Skip(1))
                .Select(ListeningInode)
                .Where(l => l.Port == port)
                .Select(l => $"socket:[{l.Inode}]")
                .ToHashSet(StringComparer.Ordinal);
            var processes = Directory
                .EnumerateDirectories("/proc")
                .Where(d => int.TryParse(Path.GetFileName(d), NumberStyles.None, null, out _));
            if (processes.FirstOrDefault(d => Owns(d, inodes)) is { } owner)
                return $"{File.ReadAllText(Path.Combine(owner, "comm")).Trim()} (pid {Path.GetFileName(owner)})";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No /proc, or a process that ended meanwhile: the owner stays unnamed.
        }
        return null;
    }

    private static (int Port, string Inode) ListeningInode(string line)
    {
        const string listen = "0A";
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 10 || fields[3] != listen)
            return (-1, "");
        var port = fields[1][(fields[1].LastIndexOf(':') + 1)..];
        return (int.Parse(port, NumberStyles.HexNumber, CultureInfo.InvariantCulture), fields[9]);
    }

    private static bool Owns(string processDirectory, HashSet<string> inodes)
    {
        try
        {
            return Directory
                .EnumerateFiles(Path.Combine(processDirectory, "fd"))
                .Any(fd =>
                    File.ResolveLinkTarget(fd, false) is { } target
                    && inodes.Contains(Path.GetFileName(target.FullName))
                );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
