using System.Diagnostics;

namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>
/// A network namespace with nothing but loopback, for shell scripts that need ports for themselves. Needs Linux with
/// unshare and ip, no privileges.
/// </summary>
public sealed class PrivateNetwork : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("private-network-").FullName;

    private PrivateNetwork() { }

    /// <summary>Makes one, or skips the test where the machine cannot.</summary>
    public static PrivateNetwork Create()
    {
        var network = new PrivateNetwork();
        try
        {
            using var probe = network.Start("true");
            if (probe.WaitForExit(TimeSpan.FromSeconds(10)) && probe.ExitCode == 0)
                return network;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is no unshare.
        }
        network.Dispose();
        Assert.Skip("needs a network namespace: Linux with unshare (util-linux) and ip (iproute2)");
        return network;
    }

    /// <summary>Runs a script in the network, in a folder of its own; returns what it wrote.</summary>
    public async Task<string> RunAsync(string script, TimeSpan limit)
    {
        using var process = Start(script);
        using var deadline = new CancellationTokenSource(limit);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return await output;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"the script did not end within {limit.TotalSeconds} s");
        }
    }

    /// <summary>A file that a script wrote.</summary>
    public string Read(string file) =>
        File.Exists(Path.Combine(_folder, file)) ? File.ReadAllText(Path.Combine(_folder, file)) : "";

    private Process Start(string script) =>
        Process.Start(
            new ProcessStartInfo(
                "unshare",
                [
                    "--map-root-user",
                    "--net",
                    "bash",
                    "-c",
                    "PATH=$PATH:/usr/sbin:/sbin; ip link set lo up || exit 1\n" + script,
                ]
            )
            {
                RedirectStandardOutput = true,
                RedirectStandardInput = true,
                WorkingDirectory = _folder,
            }
        )!;

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
