using System.Diagnostics;

namespace CiliumDebugging.AppHost.Tests.Aspire;

/// <summary>The chart that AppHost publishes; no container engine, cluster or network is needed.</summary>
public sealed class PublishTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("chart-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task The_chart_has_a_deployment_and_a_namespace_for_each_workload_and_the_service()
    {
        (await PublishAsync()).ShouldBe(0);

        Directory.EnumerateFiles(folder, "*.yaml", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder, f).Replace('\\', '/')).Order(StringComparer.Ordinal).ShouldBe(
        [
            "Chart.yaml", "templates/backend-1/backend-1.yaml", "templates/backend-1/backend.yaml", "templates/backend-1/config.yaml", "templates/backend-1/deployment.yaml",
            "templates/load-test-1/config.yaml", "templates/load-test-1/deployment.yaml", "templates/load-test-1/load-test.yaml", "values.yaml",
        ]);
        var deployment = Read("templates/backend-1/deployment.yaml");
        foreach (var line in new[] { "kind: \"Deployment\"", "namespace: \"backend\"", "replicas: 3", "app: \"backend\"", "version: \"v1\"", "fieldPath: \"spec.nodeName\"", "topologyKey: \"kubernetes.io/hostname\"" })
            deployment.ShouldContain(line);
        var service = Read("templates/backend-1/backend-1.yaml");
        foreach (var line in new[] { "kind: \"Service\"", "name: \"backend-1\"", "port: 8080", "app: \"backend\"" })
            service.ShouldContain(line);
        Read("templates/load-test-1/deployment.yaml").ShouldContain("namespace: \"load-test\"");
    }

    private string Read(string file) => File.ReadAllText(Path.Combine(folder, file));

    private async Task<int> PublishAsync()
    {
        // AppHost from its own output folder: the copy next to the tests is for reference only.
        var output = Path.GetRelativePath(Path.Combine(ProjectCopy.Repository(), "tests", "AppHost.Tests"), AppContext.BaseDirectory);
        var start = new ProcessStartInfo("dotnet", [Path.Combine(ProjectCopy.Repository(), "AppHost", output, "AppHost.dll"), "--operation", "publish", "--step", "publish", "--output-path", folder])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode;
    }
}
