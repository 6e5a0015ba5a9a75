using System.Diagnostics;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>The load generator as a process of its own.</summary>
internal static class LoadTestProcess
{
    /// <summary>The program, for <c>dotnet exec</c>.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "LoadTest.dll");

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
