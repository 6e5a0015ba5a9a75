using System.Text.RegularExpressions;
using CiliumDebugging.ClusterSetup.Kind.Programs;

namespace CiliumDebugging.ClusterSetup.Kind;

/// <summary>What is known of a program that the lab needs.</summary>
/// <param name="Name">The program.</param>
/// <param name="Version">Its version as it prints it; null: it is not installed.</param>
/// <param name="Problem">What is wrong; null: nothing.</param>
/// <param name="Optional">Whether the lab does without it.</param>
internal sealed record Prerequisite(string Name, string? Version, string? Problem, bool Optional = false);

/// <summary>Checks the programs that <c>up --kind</c> needs. All that are missing are named together.</summary>
internal static partial class Prerequisites
{
    /// <summary>The oldest kind that has the configuration and loads the images of the lab's table.</summary>
    private static readonly Version s_kindMinimum = new(0, 17, 0);

    /// <summary>The oldest Helm that reads the charts (Chart.yaml of apiVersion v2).</summary>
    private static readonly Version s_helmMinimum = new(3, 0, 0);

    private static readonly Version s_dotnetMinimum = new(10, 0);

    /// <summary>Checks them.</summary>
    public static async Task<IReadOnlyList<Prerequisite>> CheckAsync(KindLab lab, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(lab);
        var engine = await EngineAsync(lab, cancellationToken);
        List<Prerequisite> all = [engine, await KindAsync(lab, engine, cancellationToken)];
        if (lab.Plan.Options.Cilium is not null)
            all.Add(await ProgramAsync(lab, new("helm", ["version", "--short"]), s_helmMinimum, cancellationToken));
        all.Add(await ProgramAsync(lab, new("dotnet", ["--version"]), s_dotnetMinimum, cancellationToken));
        var kubectl = lab.Programs.Find("kubectl");
        var missing = $"not on PATH; the lab does without it, you may want it ({ProgramGuide.HowToGet("kubectl")})";
        all.Add(new Prerequisite("kubectl", kubectl, kubectl is null ? missing : null, Optional: true));
        return all;
    }

    private static async Task<Prerequisite> EngineAsync(KindLab lab, CancellationToken cancellationToken)
    {
        var program = lab.Engine.Program;
        if (lab.Programs.Find(program) is not null)
            return await VersionAsync(lab, lab.Engine.VersionCall, minimum: null, cancellationToken);
        var problem = $"none is on PATH; install one of them ({ProgramGuide.HowToGet(program)})";
        return new Prerequisite("docker or podman", null, problem);
    }

    private static async Task<Prerequisite> KindAsync(
        KindLab lab,
        Prerequisite engine,
        CancellationToken cancellationToken
    )
    {
        var cgroup = engine.Problem is null ? await CgroupAsync(lab, cancellationToken) : null;
        var kind = await ProgramAsync(lab, new("kind", ["version", "-q"]), s_kindMinimum, cancellationToken);
        if (kind.Problem is not null || kind.Version is null || Parse(kind.Version) is not { } version)
            return kind;
        return kind with { Problem = lab.Plan.NodeImage?.Problem(version, cgroup) };
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
            // An old engine does not report it: then nothing is concluded from it.
            return null;
        }
    }

    private static async Task<Prerequisite> ProgramAsync(
        KindLab lab,
        ProgramCall call,
        Version minimum,
        CancellationToken cancellationToken
    )
    {
        if (lab.Programs.Find(call.Program) is not null)
            return await VersionAsync(lab, call, minimum, cancellationToken);
        var problem = $"not on PATH; install {call.Program} {minimum} or later ({ProgramGuide.HowToGet(call.Program)})";
        return new Prerequisite(call.Program, null, problem);
    }

    private static async Task<Prerequisite> VersionAsync(
        KindLab lab,
        ProgramCall call,
        Version? minimum,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var text = (await lab.Programs.ReadAsync(call, cancellationToken)).Trim();
            return new Prerequisite(call.Program, text, ProblemOf(call, text, minimum));
        }
        catch (ProgramException e)
        {
            return new Prerequisite(call.Program, null, e.Message);
        }
    }

    private static string? ProblemOf(ProgramCall call, string text, Version? minimum)
    {
        if (Parse(text) is not { } version)
            return ProgramException.Garbled(call, text, "a version").Message;
        return version < minimum
            ? $"{version} is too old; the lab needs {minimum} or later ({ProgramGuide.HowToGet(call.Program)})"
            : null;
    }

    /// <summary>
    /// A version such as 0.33.0, v3.14.2+gc309b6f or 10.0.100-rc.1; null: the text does not begin with one.
    /// </summary>
    private static Version? Parse(string text) =>
        VersionText().Match(text.Trim()) is { Success: true } match ? Version.Parse(match.Groups[1].Value) : null;

    [GeneratedRegex(@"^v?(\d{1,4}\.\d{1,4}(?:\.\d{1,4})?)(?:[-+~.][0-9A-Za-z.+~-]*)?$", RegexOptions.CultureInvariant)]
    private static partial Regex VersionText();
}
