using System.Collections.Immutable;
using CiliumDebugging.ClusterSetup.Kind.Programs;

namespace CiliumDebugging.ClusterSetup.Kind;

/// <summary>The container engine that kind's nodes run on.</summary>
/// <param name="Program">docker or podman.</param>
internal sealed record Engine(string Program)
{
    /// <summary>kind's own variable for the choice.</summary>
    public const string Variable = "KIND_EXPERIMENTAL_PROVIDER";

    /// <summary>Variables that make kind use it.</summary>
    public ImmutableSortedDictionary<string, string> KindEnvironment { get; } =
        Program == "docker"
            ? ImmutableSortedDictionary<string, string>.Empty
            : ImmutableSortedDictionary<string, string>.Empty.Add(Variable, Program);

    public ProgramCall VersionCall =>
        new(Program, ["version", "--format", Program == "docker" ? "{{.Server.Version}}" : "{{.Client.Version}}"]);

    public ProgramCall CgroupCall =>
        new(Program, ["info", "--format", Program == "docker" ? "{{.CgroupVersion}}" : "{{.Host.CgroupsVersion}}"]);

    /// <summary>
    /// The one that <see cref="Variable"/> names; else podman where only that is installed; else docker.
    /// </summary>
    public static Engine Choose(ProgramRunner programs)
    {
        ArgumentNullException.ThrowIfNull(programs);
        if (Environment.GetEnvironmentVariable(Variable) is ("docker" or "podman") and var named)
            return new Engine(named);
        var hasOnlyPodman = programs.Find("docker") is null && programs.Find("podman") is not null;
        return new Engine(hasOnlyPodman ? "podman" : "docker");
    }
}
