using System.Collections.Immutable;
using CiliumDebugging.ClusterSetup.Kind.Programs;

namespace CiliumDebugging.ClusterSetup.Kind;

/// <summary>The container engine that kind's nodes run on.</summary>
/// <param name="Program">docker or podman.</param>
internal sealed record Engine(string Program)
{
    /// <summary>kind's own variable for the choice.</summary>
    public const string Variable = "KIND_EXPERIMENTAL_PROVIDER";

    /// <summary>What kind needs to be told to use it.</summary>
    public ImmutableSortedDictionary<string, string> KindEnvironment { get; } =
        Program == "docker"
            ? ImmutableSortedDictionary<string, string>.Empty
            : ImmutableSortedDictionary<string, string>.Empty.Add(Variable, Program);

    /// <summary>The server's version.</summary>
    public ProgramCall VersionCall =>
        new(Program, ["version", "--format", Program == "docker" ? "{{.Server.Version}}" : "{{.Client.Version}}"]);

    /// <summary>The version of control groups it uses.</summary>
    public ProgramCall CgroupCall =>
        new(Program, ["info", "--format", Program == "docker" ? "{{.CgroupVersion}}" : "{{.Host.CgroupsVersion}}"]);

    /// <summary>
    /// The one that <see cref="Variable"/> names; else docker where it is installed, podman where only that is.
    /// </summary>
    public static Engine Choose(ProgramRunner programs)
    {
        ArgumentNullException.ThrowIfNull(programs);
        var named = Environment.GetEnvironmentVariable(Variable);
        return new Engine(
            named is "docker" or "podman" ? named
            : programs.Find("docker") is null && programs.Find("podman") is not null ? "podman"
            : "docker"
        );
    }
}
