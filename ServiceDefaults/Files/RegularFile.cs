using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace CiliumDebugging.ServiceDefaults.Files;

/// <summary>
/// Reads files that somebody else may have made: whole, up to a limit, and only regular ones. A named pipe would make a
/// reader wait for ever, and a device has no end.
/// </summary>
public static partial class RegularFile
{
    /// <summary>A chain of more symbolic links than this is refused.</summary>
    private const int MaxLinks = 16;

    private const int BufferBytes = 64 * 1024;

    private static readonly TimeSpan s_pipeLimit = TimeSpan.FromSeconds(5),
        s_pipeInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>open(2) on a named pipe does not wait with it.</summary>
    private static int NonBlocking => OperatingSystem.IsMacOS() ? 0x0004 : 0x0800;

    /// <summary>EAGAIN: a pipe's writer has written nothing yet.</summary>
    private static int Again => OperatingSystem.IsMacOS() ? 35 : 11;

    /// <summary>Reads a text file (UTF-8, or as its byte order mark says).</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">Largest size that is read.</param>
    /// <exception cref="IOException">It cannot be read, is not a regular file, or is larger.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static string ReadText(string path, int maxBytes) => Text(ReadBytes(path, maxBytes));

    /// <summary>
    /// Reads a text file of the user's own, which may be a pipe that another program writes: <c>&lt;(…)</c> of a shell.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">Largest size that is read.</param>
    /// <exception cref="IOException">
    /// It cannot be read, is larger, or the pipe's writer has not ended within five seconds.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static string ReadTextOrPipe(string path, int maxBytes)
    {
        using var handle = Open(path);
        using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        return stream.CanSeek ? ReadText(path, maxBytes) : Text(ReadPipe(stream, path, maxBytes));
    }

    /// <inheritdoc cref="ReadText"/>
    public static byte[] ReadBytes(string path, int maxBytes)
    {
        using var handle = Open(path);
        using var stream = OpenRegular(handle, path);
        var buffer = new byte[Math.Min(stream.Length, maxBytes) + 1];
        var read = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        // The size of some files is not known before they are read.
        while (read == buffer.Length && read <= maxBytes)
        {
            Array.Resize(ref buffer, (int)Math.Min(2L * buffer.Length, maxBytes + 1L));
            read += stream.ReadAtLeast(buffer.AsSpan(read), buffer.Length - read, throwOnEndOfStream: false);
        }
        return Whole(path, buffer, read, maxBytes);
    }

    private static byte[] Whole(string path, byte[] buffer, int read, int maxBytes) =>
        read <= maxBytes
            ? buffer[..read]
            : throw new IOException($"'{path}' is larger than {maxBytes / 1024} KiB, which is the limit");

    private static string Text(byte[] content)
    {
        using var text = new StreamReader(new MemoryStream(content), Encoding.UTF8);
        return text.ReadToEnd();
    }

    /// <summary>Reads until the writer ends: an end before it began is none.</summary>
    private static byte[] ReadPipe(FileStream pipe, string path, int maxBytes)
    {
        var (began, buffer, read) = (Stopwatch.GetTimestamp(), new byte[maxBytes + 1], 0);
        while (read < buffer.Length)
        {
            var more = TryRead(pipe, buffer.AsSpan(read));
            if (more == 0 && read > 0)
                break;
            read += more ?? 0;
            if (more > 0)
                continue;
            if (Stopwatch.GetElapsedTime(began) > s_pipeLimit)
                throw new IOException(
                    $"'{path}' is a pipe whose writer has not ended within {s_pipeLimit.TotalSeconds:0} s: name a file"
                );
            Task.Delay(s_pipeInterval, TimeProvider.System).GetAwaiter().GetResult();
        }
        return Whole(path, buffer, read, maxBytes);
    }

    /// <returns>Bytes; 0: no writer has it open; null: nothing is written yet.</returns>
    private static int? TryRead(FileStream pipe, Span<byte> buffer)
    {
        try
        {
            return pipe.Read(buffer);
        }
        catch (IOException e) when (e.HResult == Again)
        {
            return null;
        }
    }

    /// <summary>Opens a file of any size.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It cannot be read, or is not a regular file.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static Stream OpenRead(string path)
    {
        var handle = Open(path);
        try
        {
            return new BufferedStream(OpenRegular(handle, path), BufferBytes);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>The path of a file in a folder, which neither the name nor a symbolic link leaves.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">Path of the file from there.</param>
    /// <exception cref="IOException">It is outside.</exception>
    public static string Inside(string folder, string name)
    {
        var root = Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar;
        var path = Path.GetFullPath(Path.Combine(root, name));
        for (var links = 0; ; links++)
        {
            if (!path.StartsWith(root, StringComparison.Ordinal) || links > MaxLinks)
                throw new IOException($"'{name}' is not in the folder {root}");
            if (FirstLink(root, path) is not { } link)
                return path;
            var target = Path.GetFullPath(link.LinkTarget!, Path.GetDirectoryName(link.FullName)!);
            path = target + path[link.FullName.Length..];
        }
    }

    private static FileInfo? FirstLink(string root, string path)
    {
        var at = root;
        foreach (var part in path[root.Length..].Split(Path.DirectorySeparatorChar))
        {
            at = Path.Combine(at, part);
            if (new FileInfo(at) is { LinkTarget: not null } link)
                return link;
        }
        return null;
    }

    private static FileStream OpenRegular(SafeFileHandle handle, string path)
    {
        try
        {
            var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
            if (stream.CanSeek)
                return stream;
        }
        catch (Exception e) when (e is ArgumentException or UnauthorizedAccessException)
        {
            // A folder, or a socket.
        }
        throw new IOException($"'{path}' is not a regular file");
    }

    private static SafeFileHandle Open(string path)
    {
        // The system says that access is denied.
        if (Directory.Exists(path))
            throw new IOException($"'{path}' is a folder, not a file");
        if (OperatingSystem.IsWindows())
            return File.OpenHandle(path);
        // What is wrong with a path is said as ever.
        if (!File.Exists(path))
            return File.OpenHandle(path);
        var descriptor = Open(path, NonBlocking);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"'{path}' cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);
}
