using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json;

namespace CiliumDebugging.AppHost.Tests;

/// <summary>AppHost's project files in a folder of their own, where MSBuild is run on them.</summary>
internal sealed class ProjectCopy : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("apphost-").FullName;
    private int sources;

    public ProjectCopy()
    {
        var repository = Repository();
        foreach (var file in new[] { "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "BannedSymbols.txt", "global.json", "AppHost/AppHost.csproj", "AppHost/Aspire.targets" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, file))!);
            File.Copy(Path.Combine(repository, file), Path.Combine(root, file));
        }
        Directory.CreateDirectory(Path.Combine(Folder, "Aspire"));
        foreach (var file in new[] { "AppHost.cs", "EmbeddedHost.cs", "LabOptions.cs", "Aspire/Cluster.cs" })
            File.WriteAllText(Path.Combine(Folder, file), "");
    }

    public bool ProbeWasRun => Directory.Exists(Path.Combine(Folder, "obj", "aspire-probe"));

    private string Folder => Path.Combine(root, "AppHost");

    public void Dispose() => Directory.Delete(root, recursive: true);

    /// <summary>Deletes the traces of the probe, not its result.</summary>
    public void ForgetProbe() => Directory.Delete(Path.Combine(Folder, "obj", "aspire-probe"), recursive: true);

    /// <summary>A NuGet source with empty packages of these names in Aspire's current version.</summary>
    public string AddSource(params string[] packages) => AddSource("13.4.6", packages);

    public string AddSource(string version, string[] packages)
    {
        var source = Directory.CreateDirectory(Path.Combine(root, $"source{++sources}")).FullName;
        foreach (var package in packages)
            WritePackage(source, package.EndsWith(".Orchestration", StringComparison.Ordinal) || package.EndsWith(".Sdk", StringComparison.Ordinal) ? $"{package}.{Rid}" : package,
                package.EndsWith(".Kubernetes", StringComparison.Ordinal) ? $"{version}-preview.1" : version);
        return source;
    }

    /// <summary>The Aspire packages that a restore from these sources would ask for, as "name version".</summary>
    public async Task<IReadOnlyList<string>> CollectAsync(string sources, params string[] properties)
    {
        var json = await RunAsync(["-t:CollectPackageReferences", "-getItem:PackageReference", $"-p:RestoreSources={sources.Replace(";", "%3B", StringComparison.Ordinal)}", .. properties]);
        return [.. Items(json, "PackageReference").Where(i => Text(i, "Identity").StartsWith("Aspire.", StringComparison.Ordinal)).Select(i => $"{Text(i, "Identity")} {Text(i, "Version")}")];
    }

    public async Task<string> PropertyAsync(string name, params string[] properties) => (await RunAsync([$"-getProperty:{name}", .. properties])).Trim();

    public async Task<IReadOnlyList<string>> ItemsAsync(string name, params string[] properties) =>
        [.. Items(await RunAsync([$"-getItem:{name}", .. properties]), name).Select(i => Text(i, "Identity").Replace('\\', '/')).Order(StringComparer.Ordinal)];

    public async Task<string> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["msbuild", "AppHost.csproj", "-nologo", "-v:minimal", "-tl:off", "-nr:false", $"-p:RestorePackagesPath={Path.Combine(root, "packages")}", .. arguments])
        {
            WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        // What the build that runs this test was told must not reach the one under test.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || k is "UseAspire" or "AspireVersion").ToList())
            start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, output + await error);
        return output;
    }

    private static string Rid => AppContext.GetData("AspireRid") as string ?? throw new InvalidOperationException("AppHost.Tests.csproj sets AspireRid");

    private static JsonElement.ArrayEnumerator Items(string json, string name) => JsonDocument.Parse(json).RootElement.GetProperty("Items").GetProperty(name).EnumerateArray();

    private static string Text(JsonElement item, string name) => item.GetProperty(name).GetString()!;

    public static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "CiliumDebugging.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("the tests run inside the repository");
        return folder;
    }

    private static void WritePackage(string source, string id, string version)
    {
        using var package = ZipFile.Open(Path.Combine(source, $"{id}.{version}.nupkg"), ZipArchiveMode.Create);
        using var manifest = new StreamWriter(package.CreateEntry($"{id}.nuspec").Open());
        manifest.Write($"<package><metadata><id>{id}</id><version>{version}</version><authors>tests</authors><description>empty</description></metadata></package>");
    }
}
