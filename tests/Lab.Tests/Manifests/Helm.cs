using System.Diagnostics;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.Lab.Manifests;

namespace CiliumDebugging.Lab.Tests.Manifests;

/// <summary>The helm on PATH. Both commands only read the folder of the chart and need no cluster.</summary>
internal static class Helm
{
    /// <summary>Helm writes this before each object. No object contains it: texts are quoted, on one line.</summary>
    private const string StartOfObject = "---\n# Source: ";

    /// <summary>Skips the running test where helm is missing.</summary>
    public static void SkipIfMissing()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        var found = folders.Any(f => File.Exists(Path.Combine(f, "helm")));
        Assert.SkipUnless(found, "helm is not on PATH (.ci/run installs it)");
    }

    /// <summary>Fails the test if <c>helm lint --strict</c> has an error or a warning.</summary>
    /// <param name="folder">Folder of the chart.</param>
    /// <param name="sets">Values as <c>key=value</c>; the others have the chart's defaults.</param>
    public static Task LintAsync(string folder, params IEnumerable<string> sets) =>
        RunAsync(["lint", folder, "--strict"], sets);

    /// <summary>The objects that <c>helm template</c> renders, in the order in which Helm would install them.</summary>
    /// <param name="folder">Folder of the chart.</param>
    /// <param name="sets">Values as <c>key=value</c>; the others have the chart's defaults.</param>
    public static async Task<IReadOnlyList<Manifest>> TemplateAsync(string folder, params IEnumerable<string> sets)
    {
        var rendered = await RunAsync(["template", "lab", folder], sets);
        rendered.ShouldStartWith(StartOfObject);
        return [.. rendered.Split(StartOfObject).Skip(1).Where(HasContent).Select(Read)];

        // The comment around a condition remains where the condition is false. Helm does not install such a document.
        static bool HasContent(string document) => document.Split('\n').Skip(1).Any(l => l.Length > 0 && l[0] != '#');

        static Manifest Read(string document)
        {
            var (file, yaml) = (document[..document.IndexOf('\n')], document[document.IndexOf('\n')..]);
            var value = Yaml.Parse(yaml).Value.ShouldNotBeNull($"{file} does not render to YAML:{yaml}");
            return new Manifest(value.AsObject());
        }
    }

    private static async Task<string> RunAsync(string[] command, IEnumerable<string> sets)
    {
        string[] arguments = [.. command, .. sets.SelectMany(s => (string[])["--set", s])];
        using var process = Process.Start(
            new ProcessStartInfo("helm", arguments) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        process.ExitCode.ShouldBe(0, $"helm {string.Join(' ', arguments)}\n{await output}\n{await error}");
        return await output;
    }
}
