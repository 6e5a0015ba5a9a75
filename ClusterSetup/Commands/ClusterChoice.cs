using System.CommandLine;
using System.CommandLine.Parsing;
using CiliumDebugging.ClusterSetup.Kind;
using CiliumDebugging.Lab.Clusters;
using k8s;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// The options that name a cluster: the lab's kind cluster, a context of a kubeconfig, or the one this process runs in.
/// There is no default, so that no command reaches a production cluster by accident.
/// </summary>
internal sealed class ClusterChoice
{
    public Option<bool> Kind { get; } = new("--kind") { Description = "The lab's kind cluster (see --name)." };

    public Option<string> Name { get; } =
        new("--name")
        {
            HelpName = "NAME",
            Description = "With --kind: name of the cluster.",
            DefaultValueFactory = _ => new KindOptions().Name,
        };

    public Option<string> State { get; } =
        new("--state")
        {
            HelpName = "DIR",
            Description = "With --kind: folder of the lab's files about its clusters.",
            DefaultValueFactory = _ => KindState.DefaultRoot,
        };

    public Option<string?> Context { get; } =
        new("--context") { HelpName = "NAME", Description = "A context of the kubeconfig." };

    public Option<string?> Kubeconfig { get; } =
        new("--kubeconfig")
        {
            HelpName = "FILE",
            Description =
                "A kubeconfig; its current context without --context. "
                + "Default with --context: $KUBECONFIG, then ~/.kube/config.",
        };

    public Option<bool> InCluster { get; } =
        new("--in-cluster") { Description = "The cluster that this process runs in, with its service account." };

    public IEnumerable<Option> All => [Kind, Name, State, Context, Kubeconfig, InCluster];

    /// <summary>Adds an error unless exactly one cluster is named.</summary>
    public void Validate(CommandResult result)
    {
        var byFile = result.GetValue(Context) is not null || result.GetValue(Kubeconfig) is not null;
        var named = (result.GetValue(Kind) ? 1 : 0) + (byFile ? 1 : 0) + (result.GetValue(InCluster) ? 1 : 0);
        if (named != 1)
            result.AddError("say which cluster: --kind, --context NAME, --kubeconfig FILE or --in-cluster");
    }

    /// <summary>Whether the lab created the cluster, and may change all of it.</summary>
    public bool IsLabs(ParseResult parsed) => parsed.GetValue(Kind);

    /// <summary>A client of it; the caller disposes it.</summary>
    /// <exception cref="KindException">There is no such cluster; the message says what to do.</exception>
    /// <exception cref="KubeconfigException">The kubeconfig cannot be used; the message says what to do.</exception>
    public Kubernetes Connect(ParseResult parsed)
    {
        if (parsed.GetValue(InCluster))
            return KubernetesClientConfiguration.IsInCluster()
                ? Client(KubernetesClientConfiguration.InClusterConfig())
                : throw new KindException("--in-cluster: this process does not run in a pod with a service account");
        var file = parsed.GetValue(Kubeconfig);
        if (parsed.GetValue(Kind))
        {
            var state = new KindState(parsed.GetValue(State)!, parsed.GetValue(Name)!);
            file = File.Exists(state.Kubeconfig)
                ? state.Kubeconfig
                : throw new KindException(
                    $"the lab has no kind cluster '{state.Cluster}': up --kind --name {state.Cluster}"
                );
        }
        return Connect(file, parsed.GetValue(Kind) ? null : parsed.GetValue(Context));
    }

    /// <summary>A client of the cluster that a kubeconfig names; the caller disposes it.</summary>
    /// <param name="file">The kubeconfig; null: $KUBECONFIG, then ~/.kube/config.</param>
    /// <param name="context">The context; null: the current one.</param>
    /// <exception cref="KubeconfigException">It cannot be used; the message says what to do.</exception>
    public static Kubernetes Connect(string? file, string? context = null) =>
        Client(Lab.Clusters.Kubeconfig.Read(file, context));

    private static Kubernetes Client(KubernetesClientConfiguration configuration) =>
        new(configuration, new OutageHandler(OutageHandler.DefaultLimit, TimeProvider.System));
}
