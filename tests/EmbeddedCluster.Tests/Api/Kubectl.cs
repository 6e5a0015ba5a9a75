using System.Diagnostics;
using CiliumDebugging.EmbeddedCluster.Api.Access;
using CiliumDebugging.Testing;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api;

/// <summary>
/// The kubectl on PATH, with a kubeconfig and caches of its own. Tests that need it are skipped without it.
/// </summary>
internal sealed class Kubectl : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("kubectl-test-").FullName;

    private Kubectl(Uri server, string token, string? authorityPem)
    {
        Kubeconfig = Path.Combine(_home, "kubeconfig");
        KubeconfigFile.Write(Kubeconfig, server, token, authorityPem);
    }

    public string Kubeconfig { get; }

    public static Kubectl For(ApiFixture api) => For(api.Server.Address, ApiFixture.Token, ApiFixture.AuthorityPem);

    public static Kubectl For(Uri server, string token, string? authorityPem)
    {
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Any(p => File.Exists(Path.Combine(p, "kubectl")));
        if (!found)
            Assert.Skip("kubectl is not on PATH (Debian package kubernetes-client)");
        return new Kubectl(server, token, authorityPem);
    }

    /// <summary>Runs kubectl and gives what it printed; fails the test when it fails.</summary>
    public async Task<string> RunAsync(string arguments, string? input = null)
    {
        var (code, output, error) = await TryAsync(arguments, input);
        code.ShouldBe(0, $"kubectl {arguments}\n{output}\n{error}");
        return output;
    }

    public async Task<(int Code, string Output, string Error)> TryAsync(string arguments, string? input = null)
    {
        using var process = Start(arguments, input is not null);
        return await ResultAsync(process, input);
    }

    /// <summary>Runs kubectl in a folder.</summary>
    public async Task<(int Code, string Output, string Error)> TryAsync(IEnumerable<string> arguments, string folder)
    {
        using var process = Process.Start(
            new ProcessStartInfo("kubectl", arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = folder,
                Environment = { ["KUBECONFIG"] = Kubeconfig, ["HOME"] = _home },
            }
        )!;
        return await ResultAsync(process, null);
    }

    private static async Task<(int Code, string Output, string Error)> ResultAsync(Process process, string? input)
    {
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(120));
        return (process.ExitCode, await output, await error);
    }

    public Process Start(string arguments, bool hasInput = false)
    {
        var start = new ProcessStartInfo("kubectl", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = hasInput,
            Environment = { ["KUBECONFIG"] = Kubeconfig, ["HOME"] = _home },
        };
        return Process.Start(start)!;
    }

    public void Dispose() => Directory.Delete(_home, recursive: true);
}
