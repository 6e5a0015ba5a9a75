using System.CommandLine;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.ClusterSetup.Kind.Steps;
using CiliumDebugging.EmbeddedCluster.Configuration;
using CiliumDebugging.Lab.Manifests;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// <c>up --embedded</c>: the embedded cluster with its Pods, until Ctrl-C. <c>up --kind</c>: a kind cluster with Cilium
/// and the lab's workloads, until <c>down</c>.
///</summary>
public static class UpCommand
{
    public static Command Build()
    {
        var embedded = new Option<bool>("--embedded")
        {
            Description = "The embedded cluster, which needs nothing but .NET; it runs until Ctrl-C.",
        };
        var kind = new Option<bool>("--kind")
        {
            Description = "A kind cluster with Cilium; it stays until down. Needs docker or podman, kind and helm.",
        };
        var insecure = new Option<bool>("--insecure-http")
        {
            Description =
                "With --embedded: serve the API over plain HTTP. "
                + "kubectl sends no token then; KubernetesClient and curl do.",
        };
        var options = new KindCommandOptions();
        var command = new Command("up", "Start a cluster of the lab and print how to reach it.")
        {
            embedded,
            kind,
            insecure,
        };
        foreach (var option in options.OfCluster)
            command.Add(option);
        command.Validators.Add(result =>
        {
            var ofKind = options
                .OfCluster.Where(o => result.GetResult(o) is { Implicit: false })
                .Select(o => o.Name)
                .ToList();
            if (result.GetValue(embedded) == result.GetValue(kind))
                result.AddError("up: say which cluster, --embedded or --kind");
            else if (result.GetValue(embedded) && ofKind.Count > 0)
                result.AddError($"{string.Join(", ", ofKind)}: only with --kind");
            else if (result.GetValue(kind) && result.GetValue(insecure))
                result.AddError("--insecure-http: only with --embedded");
        });
        command.SetAction(
            (parsed, cancellationToken) =>
                parsed.GetValue(kind)
                    ? UpKindAsync(options, parsed, cancellationToken)
                    : UpEmbeddedAsync(parsed.GetValue(insecure), cancellationToken)
        );
        return command;
    }

    private static Task<int> UpKindAsync(
        KindCommandOptions options,
        ParseResult parsed,
        CancellationToken cancellationToken
    ) =>
        KindRun.WithLabAsync(
            options.Read(parsed),
            async lab =>
            {
                var steps = new StepList(lab.Steps(), Console.Out, TimeProvider.System);
                if (parsed.GetValue(options.DryRun))
                {
                    await steps.PlanAsync();
                    return ExitCode.Success;
                }
                await steps.RunAsync(cancellationToken);
                Console.WriteLine($"export KUBECONFIG={ShellText.Quote(lab.State.Kubeconfig)}");
                foreach (var tool in ToolAddresses.Of(lab.Plan.Manifests(lab.ImageTag)))
                    Console.WriteLine(tool);
                return ExitCode.Success;
            },
            cancellationToken
        );

    private static Task<int> UpEmbeddedAsync(bool insecure, CancellationToken cancellationToken) =>
        new EmbeddedRun
        {
            Options = () => new ClusterOptions { ApiToken = ClusterEnvironment.NewApiToken(), ApiTls = !insecure },
            Kubeconfig = TemporaryKubeconfig.InNewFolder,
            OnReady = path =>
            {
                Console.WriteLine($"export KUBECONFIG={ShellText.Quote(path)}");
                if (insecure)
                    Console.WriteLine(
                        "kubectl sends no token over plain HTTP, and the API refuses it with 401: "
                            + "use a KubernetesClient or curl with the token of that file, or leave "
                            + "--insecure-http away"
                    );
            },
        }.RunAsync(cancellationToken);
}
