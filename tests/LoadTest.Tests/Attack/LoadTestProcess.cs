using System.Diagnostics;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>The load generator as a process of its own.</summary>
internal static class LoadTestProcess
{
    /// <summary>The program, for <c>dotnet exec</c>.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "LoadTest.dll");

    /// <summary>Runs it to its end.</summary>
    /// <param name="words">Its command line.</param>
    /// <param name="input">Its standard input.</param>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string[] words, string input = "")
    {
        using var process = Process.Start(
            new ProcessStartInfo("dotnet", ["exec", Program, .. words])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var (output, errors) = await ReadToEndAsync(process);
        return (process.ExitCode, output, errors);
    }

    /// <summary>Waits until it has ended; gives everything that it wrote.</summary>
    public static async Task<(string Output, string Errors)> ReadToEndAsync(Process process)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var (output, errors) = (
            process.StandardOutput.ReadToEndAsync(cancellation),
            process.StandardError.ReadToEndAsync(cancellation)
        );
        await process.WaitForExitAsync(cancellation);
        return (await output, await errors);
    }
}
