using System.CommandLine;
using CiliumDebugging.ClusterSetup.Embedded;
using CiliumDebugging.ClusterSetup.Topology;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary><c>up --embedded</c>: the embedded cluster with its Pods, for one's own tools, until Ctrl-C.</summary>
public static class UpCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Build()
    {
        var embedded = new Option<bool>("--embedded") { Description = "The embedded cluster, which needs nothing but .NET. The only one there is so far.", Required = true };
        var insecure = new Option<bool>("--insecure-http") { Description = "Serve the API over plain HTTP. kubectl sends no token then; KubernetesClient and curl do." };
        var command = new Command("up", "Start a cluster of the lab and print how to reach it.") { embedded, insecure };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(insecure), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool insecure, CancellationToken cancellationToken)
    {
        using var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(c => c.SingleLine = true));
        try
        {
            var options = new ClusterOptions { ApiToken = LabProcesses.NewApiToken(), ApiTls = !insecure, RunsPods = true };
            await using var cluster = await EmbeddedCluster.StartAsync(options, loggers, cancellationToken);
            using var kubeconfig = TemporaryKubeconfig.Write(cluster.ApiUrl, cluster.ApiToken, cluster.AuthorityPem);
            if (cluster.Notice is { } notice) Console.WriteLine(notice);
            Console.WriteLine($"export KUBECONFIG={kubeconfig.Path}");
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return 130;
        }
        catch (ClusterStartException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return 130;
        }
    }
}
