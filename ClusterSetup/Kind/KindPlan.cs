using System.Collections.Immutable;
using System.Text.RegularExpressions;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.ClusterSetup.Kind.Cilium;
using CiliumDebugging.ClusterSetup.Kind.Config;
using CiliumDebugging.Lab.Manifests;
using CiliumDebugging.Lab.Releases;

namespace CiliumDebugging.ClusterSetup.Kind;

/// <summary>
/// The cluster that <see cref="KindOptions"/> describe: everything is checked before anything is created.
/// </summary>
/// <param name="Options">The options it was made from.</param>
/// <param name="Config">kind's configuration.</param>
/// <param name="NodeImage">The node image, where it is one of the table.</param>
/// <param name="Kubernetes">
/// The Kubernetes in the node image; null: unknown, because the image is the user's own.
/// </param>
/// <param name="CiliumValues">Values of Cilium's chart, as a YAML file; null: no Cilium.</param>
internal sealed partial record KindPlan(
    KindOptions Options,
    KindConfig Config,
    KindNodeImage? NodeImage,
    Version? Kubernetes,
    string? CiliumValues
)
{
    /// <summary>The workloads: one backend on each worker, the load test beside one of them.</summary>
    public ClusterTopology Topology { get; } = ClusterTopology.Create(Options.Name, Options.Workers);

    public ImmutableArray<(string Project, string Image)> Images { get; } =
        WorkloadImages.Of(Options.RunnerScenario is not null);

    /// <summary>The objects of the lab, with images of a tag.</summary>
    public ImmutableArray<Manifest> Manifests(string imageTag) =>
        ManifestSet.Render(
            new ManifestValues
            {
                Topology = Topology,
                BackendImage = $"{WorkloadImages.Backend}:{imageTag}",
                LoadTestImage = $"{WorkloadImages.LoadTest}:{imageTag}",
                RunnerImage = $"{WorkloadImages.Runner}:{imageTag}",
                Runner = Options.RunnerScenario is not null,
                RunnerScenario = Options.RunnerScenario ?? "",
                BackendCnp = Options.BackendCnp,
                LoadTestCnp = Options.LoadTestCnp,
            }
        );

    /// <summary>Makes the plan, or returns everything that is wrong.</summary>
    public static (KindPlan? Plan, ImmutableArray<string> Problems) Make(KindOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var problems = new List<string>();
        var (known, version) = Image(options, problems);
        var reference = options.Image ?? known?.Reference ?? "kindest/node";
        var config = KindConfig.Create(options.Name, options.Workers, reference, options.Cilium is not null);
        problems.AddRange(config.Problems());
        string? values = null;
        if (options.Cilium is { } cilium)
        {
            if (version is not null && CiliumReleases.PairProblem(cilium, version, options.AllowUntested) is { } pair)
                problems.Add(pair);
            // A chart of the user's own has other values.
            if (options.Chart is null)
                problems.AddRange(SetOption.Problems(cilium, options.Sets));
            values = HelmValues.ToYaml(HelmValues.For(cilium));
        }
        else
        {
            if (options.Sets.Length > 0)
                problems.Add("--set: there is no Cilium to set values of with --no-cilium");
            if (options.BackendCnp || options.LoadTestCnp)
                problems.Add("--backend-cnp, --load-test-cnp: nothing enforces a CiliumNetworkPolicy with --no-cilium");
        }
        return problems.Count == 0
            ? (new KindPlan(options, config, known, version, values), [])
            : (null, [.. problems]);
    }

    private static (KindNodeImage? Known, Version? Version) Image(KindOptions options, List<string> problems)
    {
        if (options is { Image: not null, Kubernetes: not null })
        {
            problems.Add(
                $"--image {options.Image} --kubernetes {options.Kubernetes}: give one of them; "
                    + "an image has its Kubernetes in it"
            );
            return default;
        }
        if (options.Image is { } own)
            return (
                KindNodeImage.All.FirstOrDefault(i => i.Reference == own),
                TagVersion().Match(own) is { Success: true } tag ? Version.Parse(tag.Groups[1].Value) : null
            );
        if (options.Kubernetes is { } wanted)
        {
            var (image, problem) = KindNodeImage.Parse(wanted);
            if (problem is not null)
                problems.Add($"--kubernetes {problem}");
            return (image, image?.Kubernetes);
        }
        var standard = options.Cilium is { } cilium ? KindNodeImage.For(cilium) : KindNodeImage.All[^1];
        return (standard, standard.Kubernetes);
    }

    [GeneratedRegex(@":v(\d+\.\d+\.\d+)(?:$|[@-])", RegexOptions.CultureInvariant)]
    private static partial Regex TagVersion();
}
