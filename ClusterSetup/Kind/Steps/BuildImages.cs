using System.Collections.Immutable;
using System.Runtime.InteropServices;
using CiliumDebugging.ClusterSetup.Kind.Programs;

namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>Builds the workloads' images with the SDK, without a Dockerfile or an engine, as archives.</summary>
internal sealed class BuildImages(KindLab lab) : ClusterStep
{
    public override string Title => $"build the images of {string.Join(", ", lab.Plan.Images.Select(i => i.Project))}";

    public override IEnumerable<string> Plan() => Calls().Select(c => c.Call.ToString());

    public override Task<string?> DoneAsync(CancellationToken cancellationToken) =>
        Task.FromResult(Calls().All(c => File.Exists(c.Archive)) ? $"built from these sources ({lab.ImageTag})" : null);

    public override async Task DoAsync(Action<string> say, CancellationToken cancellationToken)
    {
        lab.State.Create();
        Directory.CreateDirectory(lab.State.Images);
        foreach (var (call, archive) in Calls())
        {
            if (File.Exists(archive))
                continue;
            say(call.ToString());
            await lab.Programs.ReadAsync(call, cancellationToken);
            File.Move(Unfinished(archive), archive, overwrite: true);
        }
    }

    /// <summary>An archive is written under another name until it is complete.</summary>
    private static string Unfinished(string archive) => archive + ".tmp";

    private IEnumerable<(ProgramCall Call, string Archive)> Calls() =>
        lab.Plan.Images.Select(w =>
        {
            var archive = Archive(lab, w.Project);
            ImmutableArray<string> arguments =
            [
                "publish",
                Path.Combine(lab.Sources, w.Project, w.Project + ".csproj"),
                "-c",
                "Release",
                "--os",
                "linux",
                "--arch",
                RuntimeInformation.OSArchitecture is Architecture.Arm64 ? "arm64" : "x64",
                "-t:PublishContainer",
                $"-p:ContainerRepository={w.Image}",
                $"-p:ContainerImageTag={lab.ImageTag}",
                $"-p:ContainerArchiveOutputPath={Unfinished(archive)}",
                .. lab.Plan.Options.BaseImage is { } image ? [$"-p:ContainerBaseImage={image}"] : Array.Empty<string>(),
                "-nologo",
                "-v:quiet",
            ];
            return (new ProgramCall("dotnet", arguments) { Limit = TimeSpan.FromMinutes(10) }, archive);
        });

    public static string Archive(KindLab lab, string project) =>
        Path.Combine(lab.State.Images, $"{project.ToLowerInvariant()}-{lab.ImageTag}.tar");
}
