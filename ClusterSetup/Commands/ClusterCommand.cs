using System.CommandLine;
using System.Globalization;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.EmbeddedCluster.Configuration;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// <c>cluster</c>: the embedded cluster, started by another program. Topology and settings come from the environment
/// (<see cref="ClusterTopology.EnvironmentVariable"/>, <see cref="ClusterEnvironment"/>). The cluster is ready when the
/// kubeconfig appears, which is the only way in: the API is served over TLS with a token of the cluster's own.
/// </summary>
internal static class ClusterCommand
{
    public static Command Build()
    {
        var kubeconfig = new Option<string>("--kubeconfig")
        {
            HelpName = "FILE",
            Required = true,
            Description = "The kubeconfig to write when the cluster is ready; it is deleted when the cluster ends.",
        };
        var ownsFolder = new Option<bool>("--own-folder")
        {
            Description = "Delete the folder of the kubeconfig as well: whatever becomes of the program that made it.",
        };
        var exitWith = new Option<int?>("--exit-with")
        {
            HelpName = "PID",
            Description = "Stop when the process with this id has ended, however it ended.",
        };
        var command = new Command(
            "cluster",
            "Run the embedded cluster for another program (settings from the environment)."
        )
        {
            kubeconfig,
            ownsFolder,
            exitWith,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(kubeconfig) is "")
                result.AddError("--kubeconfig '': expected the name of a file");
        });
        command.SetAction(
            (parsed, cancellationToken) =>
                new EmbeddedRun
                {
                    Options = Options,
                    Kubeconfig = () =>
                        TemporaryKubeconfig.At(parsed.GetRequiredValue(kubeconfig), parsed.GetValue(ownsFolder)),
                    ExitWith = parsed.GetValue(exitWith),
                }.RunAsync(cancellationToken)
        );
        return command;
    }

    private static ClusterOptions Options()
    {
        var topology = Environment.GetEnvironmentVariable(ClusterTopology.EnvironmentVariable);
        var settings = Environment.GetEnvironmentVariable(ClusterEnvironment.CiliumConfig);
        return new ClusterOptions
        {
            Topology = topology is null ? ClusterTopology.Default : ClusterTopology.FromJson(topology),
            ApiToken = ClusterEnvironment.NewApiToken(),
            ApiTls = true,
            PortOffset = Number(ClusterEnvironment.PortOffset),
            CiliumConfig = ClusterEnvironment.ParseSettings(settings ?? ""),
        };
    }

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is not { Length: > 0 } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw new FormatException($"{variable} is '{text}' and must be a number");
}
