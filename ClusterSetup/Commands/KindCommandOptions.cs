using System.CommandLine;
using System.CommandLine.Parsing;
using CiliumDebugging.ClusterSetup.Kind;
using CiliumDebugging.ClusterSetup.Kind.Config;
using CiliumDebugging.Lab.Releases;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Releases;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>The options of a kind cluster, which several commands share.</summary>
internal sealed class KindCommandOptions
{
    private static readonly KindOptions s_default = new();

    public Option<string> Name { get; } =
        new("--name")
        {
            HelpName = "NAME",
            Description = $"Name of the kind cluster and prefix of its nodes' names. Default {s_default.Name}.",
            DefaultValueFactory = _ => s_default.Name,
        };

    public Option<CiliumVersion?> Cilium { get; } =
        new("--cilium-version")
        {
            HelpName = "VERSION",
            Description =
                $"Release of Cilium, {ChartValues.Published.Releases[0]} to {CiliumReleases.Latest}, or latest. "
                + $"Default {CiliumVersion.OriginalReport}.",
            CustomParser = ReadRelease,
        };

    public Option<bool> NoCilium { get; } =
        new("--no-cilium") { Description = "Leave Cilium out: kind's own network plugin and kube-proxy." };

    public Option<string?> Kubernetes { get; } =
        new("--kubernetes")
        {
            HelpName = "MINOR",
            Description = "Kubernetes minor, such as 1.30. Default: the newest that this Cilium is tested with.",
        };

    public Option<string?> Image { get; } =
        new("--image") { HelpName = "REF", Description = "A node image of your own instead of the lab's choice." };

    public Option<int> Nodes { get; } =
        new("--nodes")
        {
            HelpName = "N",
            Description =
                $"Worker nodes, 1 to {KindConfig.MaxWorkers}; a backend pod runs on each. Default {s_default.Workers}.",
            DefaultValueFactory = _ => s_default.Workers,
        };

    public Option<string[]> Set { get; } =
        new("--set")
        {
            HelpName = "KEY=VALUE",
            Description =
                "A value of Cilium's Helm chart, as Helm's --set takes it. Repeatable. "
                + "A value that the chart does not have is an error.",
            DefaultValueFactory = _ => [],
        };

    public Option<string?> Chart { get; } =
        new("--chart")
        {
            HelpName = "PATH",
            Description = "A chart of Cilium of your own: folder, archive or URL. Its values are not checked.",
        };

    public Option<string?> BaseImage { get; } =
        new("--base-image")
        {
            HelpName = "REF",
            Description = "Base image of the workloads' images. Default: the SDK's.",
        };

    public Option<bool> BackendCnp { get; } =
        new("--backend-cnp") { Description = "Apply the backends' policy (ingress, HTTP)." };

    public Option<bool> LoadTestCnp { get; } =
        new("--load-test-cnp") { Description = "Apply the load test's policy (egress, HTTP)." };

    public Option<string?> Runner { get; } =
        new("--runner")
        {
            HelpName = "SCENARIO",
            Description =
                "Run a scenario from inside the cluster, as a Job that also serves its live page: "
                + "kubectl -n cilium-debugging port-forward job/scenario-runner 15190.",
            CustomParser = ReadScenario,
        };

    public Option<bool> AllowUntested { get; } =
        new("--allow-untested")
        {
            Description = "Allow a pair of Cilium and Kubernetes that the Cilium project does not test.",
        };

    public Option<string> State { get; } =
        new("--state")
        {
            HelpName = "DIR",
            Description = $"Folder of the lab's files about its clusters. Default {KindState.DefaultRoot}.",
            DefaultValueFactory = _ => KindState.DefaultRoot,
        };

    public Option<bool> DryRun { get; } =
        new("--dry-run") { Description = "Print every command and manifest, run nothing." };

    /// <summary>Options of a cluster that is to be created.</summary>
    public IEnumerable<Option> OfCluster =>
        [
            Name,
            Cilium,
            NoCilium,
            Kubernetes,
            Image,
            Nodes,
            Set,
            Chart,
            BaseImage,
            BackendCnp,
            LoadTestCnp,
            Runner,
            AllowUntested,
            State,
            DryRun,
        ];

    /// <summary>The given options; the defaults for options that the command does not have.</summary>
    public KindOptions Read(ParseResult parsed) =>
        new()
        {
            Name = Value(parsed, Name, s_default.Name),
            Cilium = parsed.GetValue(NoCilium) ? null : parsed.GetValue(Cilium) ?? s_default.Cilium,
            Kubernetes = parsed.GetValue(Kubernetes),
            Image = parsed.GetValue(Image),
            Workers = Value(parsed, Nodes, s_default.Workers),
            Sets = [.. parsed.GetValue(Set) ?? []],
            Chart = parsed.GetValue(Chart),
            BaseImage = parsed.GetValue(BaseImage),
            BackendCnp = parsed.GetValue(BackendCnp),
            LoadTestCnp = parsed.GetValue(LoadTestCnp),
            RunnerScenario = parsed.GetValue(Runner),
            AllowUntested = parsed.GetValue(AllowUntested),
            StateRoot = Value(parsed, State, s_default.StateRoot),
        };

    private static T Value<T>(ParseResult parsed, Option<T> option, T otherwise) =>
        parsed.CommandResult.Command.Options.Contains(option) ? parsed.GetValue(option)! : otherwise;

    private static CiliumVersion? ReadRelease(ArgumentResult argument)
    {
        var (release, problem) = CiliumReleases.Parse(argument.Tokens[0].Value);
        if (problem is not null)
            argument.AddError($"--cilium-version {argument.Tokens[0].Value}: {problem}");
        return release;
    }

    /// <summary>A name of the catalogue: the runner's image has no other scenarios.</summary>
    private static string? ReadScenario(ArgumentResult argument)
    {
        var name = argument.Tokens[0].Value;
        if (!ScenarioCatalog.Names.Contains(name))
            argument.AddError($"--runner {name}: must be one of {string.Join(", ", ScenarioCatalog.Names)}");
        return name;
    }
}
