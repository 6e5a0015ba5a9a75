using System.Text.RegularExpressions;
using CiliumDebugging.ClusterSetup.Kind.Programs;

namespace CiliumDebugging.ClusterSetup.Kind;

/// <summary>What is known of a program that the lab needs.</summary>
/// <param name="Name">The program.</param>
/// <param name="Version">Its version as it says it; null: it is not there.</param>
/// <param name="Problem">What is wrong; null: nothing.</param>
/// <param name="Optional">Whether the lab does without it.</param>
internal sealed record Prerequisite(string Name, string? Version, string? Problem, bool Optional = false);

/// <summary>Looks at the programs that <c>up --kind</c> needs. Everything that is missing is named at once.</summary>
internal static partial class Prerequisites
{
    /// <summary>
    /// The oldest kind whose configuration (networking.disableDefaultCNI, image archives) and images the lab's table
    /// counts on.
    /// </summary>
    private static readonly Version s_kindMinimum = new(0, 17, 0);

    /// <summary>The oldest Helm that reads the charts (Chart.yaml of apiVersion v2).</summary>
    private static readonly Version s_helmMinimum = new(3, 0, 0);

    /// <summary>Checks them.</summary>
    public static async Task<IReadOnlyList<Prerequisite>> CheckAsync(KindLab lab, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(lab);
        var engine = await EngineAsync(lab, cancellationToken);
        var cgroup = engine.Problem is null ? await CgroupAsync(lab, cancellationToken) : null;
        var kind = await VersionAsync(
            lab,
            new ProgramCall("kind", ["version", "-q"]),
            s_kindMinimum,
            cancellationToken
        );
        if (
            kind is { Problem: null, Version: not null }
            && Parse(kind.Version) is { } version
            && lab.Plan.NodeImage?.Problem(version, cgroup) is { } image
        )
            kind = kind with { Problem = image };
        return
        [
            engine,
            kind,
            .. lab.Plan.Options.Cilium is null
                ? Array.Empty<Prerequisite>()
                :
                [
                    await VersionAsync(
                        lab,
                        new ProgramCall("helm", ["version", "--short"]),
                        s_helmMinimum,
                        cancellationToken
                    ),
                ],
            await VersionAsync(lab, new ProgramCall("dotnet", ["--version"]), new Version(10, 0), cancellationToken),
            lab.Programs.Find("kubectl") is { } path
                ? new Prerequisite("kubectl", path, null, Optional: true)
                : new Prerequisite(
                    "kubectl",
                    null,
                    $"not on PATH; the lab does without it, you may want it ({ProgramGuide.HowToGet("kubectl")})",
                    Optional: true
                ),
        ];
    }

    private static async Task<Prerequisite> EngineAsync(KindLab lab, CancellationToken cancellationToken)
    {
        var program = lab.Engine.Program;
        if (lab.Programs.Find(program) is null)
            return new Prerequisite(
                "docker or podman",
                null,
                $"none is on PATH; install one of them ({ProgramGuide.HowToGet(program)})"
            );
        try
        {
            var version = await lab.Programs.ReadAsync(lab.Engine.VersionCall, cancellationToken);
            return Parse(version) is null
                ? new Prerequisite(
                    program,
                    version,
                    ProgramException.Garbled(lab.Engine.VersionCall, version, "a version").Message
                )
                : new Prerequisite(program, version.Trim(), null);
        }
        catch (ProgramException e)
        {
            return new Prerequisite(program, null, e.Message);
        }
    }

    private static async Task<int?> CgroupAsync(KindLab lab, CancellationToken cancellationToken)
    {
        try
        {
            return (await lab.Programs.ReadAsync(lab.Engine.CgroupCall, cancellationToken)).Trim() switch
            {
                "1" or "v1" => 1,
                "2" or "v2" => 2,
                _ => null,
            };
        }
        catch (ProgramException)
        {
            // An old engine does not tell: then nothing is concluded from it.
            return null;
        }
    }

    private static async Task<Prerequisite> VersionAsync(
        KindLab lab,
        ProgramCall call,
        Version minimum,
        CancellationToken cancellationToken
    )
    {
        if (lab.Programs.Find(call.Program) is null)
            return new Prerequisite(
                call.Program,
                null,
                $"not on PATH; install {call.Program} {minimum} or later ({ProgramGuide.HowToGet(call.Program)})"
            );
        try
        {
            var text = await lab.Programs.ReadAsync(call, cancellationToken);
            var version = Parse(text);
            return version is null
                    ? new Prerequisite(
                        call.Program,
                        text.Trim(),
                        ProgramException.Garbled(call, text, "a version").Message
                    )
                : version < minimum
                    ? new Prerequisite(
                        call.Program,
                        text.Trim(),
                        $"{version} is too old; the lab needs {minimum} or later ({ProgramGuide.HowToGet(call.Program)})"
                    )
                : new Prerequisite(call.Program, text.Trim(), null);
        }
        catch (ProgramException e)
        {
            return new Prerequisite(call.Program, null, e.Message);
        }
    }

    /// <summary>A version such as 0.33.0, v3.14.2+gc309b6f or 10.0.100-rc.1; null: the text begins with none.</summary>
    private static Version? Parse(string text) =>
        VersionText().Match(text.Trim()) is { Success: true } match ? Version.Parse(match.Groups[1].Value) : null;

    [GeneratedRegex(@"^v?(\d{1,4}\.\d{1,4}(?:\.\d{1,4})?)(?:[-+~.][0-9A-Za-z.+~-]*)?$", RegexOptions.CultureInvariant)]
    private static partial Regex VersionText();
}
