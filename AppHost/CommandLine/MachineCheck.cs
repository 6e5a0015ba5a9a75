using System.Net;
using System.Net.Sockets;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.AppHost.CommandLine;

/// <summary>
/// Whether this machine has what the lab cannot do without: a working directory, a folder for temporary files, open
/// files and loopback. Found out before anything is started, because what fails later names none of them.
/// </summary>
internal static class MachineCheck
{
    /// <summary>
    /// Files that the lab needs to open: AppHost, Aspire's orchestrator and the cluster each open some hundreds, and a
    /// socket for each request under way.
    /// </summary>
    private const int MinOpenFiles = 1024;

    /// <summary>Prints what is missing, one problem a line.</summary>
    /// <param name="error">Receives problems; the console by default.</param>
    /// <returns>Exit code of the process where something is missing; null: nothing is.</returns>
    public static ExitCode? Run(TextWriter? error = null)
    {
        var problems = Problems().ToList();
        foreach (var problem in problems)
            (error ?? Console.Error).WriteLine(problem);
        return problems.Count > 0 ? ExitCode.Failed : null;
    }

    /// <summary>What is missing.</summary>
    internal static IEnumerable<string> Problems()
    {
        if (WorkingDirectory() is { } folder)
            yield return folder;
        if (TemporaryFolder(Path.GetTempPath()) is { } temporary)
            yield return temporary;
        if (OpenFiles(FileLimit.Current) is { } files)
            yield return files;
        if (Loopback() is { } loopback)
            yield return loopback;
    }

    /// <summary>What is wrong with the folder for temporary files; null: nothing is.</summary>
    internal static string? TemporaryFolder(string path)
    {
        try
        {
            if (!Directory.Exists(path))
                return $"the folder for temporary files, {path}, does not exist: create it, or set TMPDIR to "
                    + "another one";
            File.Create(Path.Combine(path, Path.GetRandomFileName()), 1, FileOptions.DeleteOnClose).Dispose();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"the folder for temporary files, {path}, cannot be written ({e.Message}): set TMPDIR to "
                + "another one";
        }
    }

    /// <summary>Whether too few files can be opened, by the text of /proc/self/limits; null: enough can.</summary>
    internal static string? OpenFiles(string limits) => OpenFiles(FileLimit.Of(limits));

    private static string? OpenFiles(int? limit) =>
        limit < MinOpenFiles
            ? $"this process may open {limit} files (ulimit -n), and the lab needs {MinOpenFiles}: raise the limit"
            : null;

    private static string? WorkingDirectory()
    {
        try
        {
            return Directory.Exists(Environment.CurrentDirectory)
                ? null
                : $"the working directory {Environment.CurrentDirectory} does not exist any more: change to "
                    + "another one";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"the working directory does not exist any more: change to another one ({e.Message})";
        }
    }

    private static string? Loopback()
    {
        try
        {
            using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen(1);
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            client.Blocking = false;
            try
            {
                client.Connect(listener.LocalEndPoint!);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                return client.Poll(TimeSpan.FromSeconds(1), SelectMode.SelectWrite) ? null : Down("no answer");
            }
            return null;
        }
        catch (SocketException e)
        {
            return Down(e.Message);
        }

        static string Down(string why) =>
            $"127.0.0.1 cannot be reached ({why}): the loopback interface must be up (ip link set lo up)";
    }
}
