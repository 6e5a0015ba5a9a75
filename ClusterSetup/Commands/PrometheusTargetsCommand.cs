using System.CommandLine;
using CiliumDebugging.Lab.Monitoring;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// <c>prometheus-targets</c>: keeps a target file for Prometheus up to date with a cluster's Pods
/// (<see cref="PrometheusTargets"/>).
/// </summary>
public static class PrometheusTargetsCommand
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    public static Command Build()
    {
        var kubeconfig = new Option<string>("--kubeconfig")
        {
            HelpName = "FILE",
            Required = true,
            Description = "The cluster's kubeconfig; its current context.",
        };
        var output = new Option<string>("--output")
        {
            Description = "The file to write.",
            DefaultValueFactory = _ => "targets.json",
        };
        var follow = new Option<bool>("--follow") { Description = "Keep the file up to date, until stopped." };
        var command = new Command("prometheus-targets", "Write a cluster's Pods as a target file of Prometheus.")
        {
            kubeconfig,
            output,
            follow,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                KindRun.RunWithErrorReportingAsync(
                    () =>
                        RunAsync(
                            parsed.GetRequiredValue(kubeconfig),
                            parsed.GetRequiredValue(output),
                            parsed.GetValue(follow),
                            cancellationToken
                        ),
                    "stopped",
                    cancellationToken
                )
        );
        return command;
    }

    private static async Task<ExitCode> RunAsync(
        string kubeconfig,
        string output,
        bool follow,
        CancellationToken cancellationToken
    )
    {
        using var cluster = ClusterChoice.Connect(kubeconfig);
        var written = "";
        do
        {
            var targets = await PrometheusTargets.ReadAsync(cluster, cancellationToken);
            if (targets != written)
                await WriteAsync(output, targets, cancellationToken);
            written = targets;
            if (follow)
                await Task.Delay(s_interval, TimeProvider.System, cancellationToken);
        } while (follow);
        return ExitCode.Success;
    }

    /// <summary>Replaces the file atomically: Prometheus reads it whenever it changes.</summary>
    private static async Task WriteAsync(string path, string text, CancellationToken cancellationToken)
    {
        var temporary = path + ".tmp";
        await File.WriteAllTextAsync(temporary, text, cancellationToken);
        File.Move(temporary, path, overwrite: true);
    }
}
