using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CiliumDebugging.ClusterSetup.Embedded;
using CiliumDebugging.ClusterSetup.Topology;
using CiliumDebugging.ServiceDefaults.Pods;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// <c>cluster</c>: the process of the embedded cluster, as both compositions of the AppHost start it. Takes everything from its environment
/// (<see cref="LabProcesses"/>), says in one JSON line that it is ready, and runs until it is stopped.
/// </summary>
public static class ClusterCommand
{
    /// <summary>The line a <c>cluster</c> process prints when it is ready.</summary>
    /// <param name="ApiUrl">URL of the Kubernetes API.</param>
    /// <param name="AuthorityPem">The authority to trust, PEM; null for plain HTTP.</param>
    /// <param name="PortOffset">What is added to every port.</param>
    /// <param name="Notice">What the user should know; null for nothing.</param>
    public sealed record Ready(Uri ApiUrl, string? AuthorityPem, int PortOffset, string? Notice);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Builds the command.</summary>
    public static Command Build()
    {
        var stdin = new Option<bool>("--exit-with-stdin") { Description = "Stop when standard input ends: when the program that started this one is gone." };
        var command = new Command("cluster", "Run the embedded cluster as the AppHost starts it (settings from the environment).") { stdin };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(stdin), cancellationToken));
        return command;
    }

    /// <summary>Reads a line that a <c>cluster</c> process printed; null when it is not its ready line.</summary>
    public static Ready? ParseReady(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (!line.StartsWith('{')) return null;
        try
        {
            return JsonSerializer.Deserialize<Ready>(line, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static async Task<int> RunAsync(bool exitWithStdin, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(c => c.SingleLine = true));
        using var telemetry = ClusterTelemetry.Start();
        try
        {
            await using var cluster = await EmbeddedCluster.StartAsync(Options(), loggers, stop.Token);
            Console.WriteLine(JsonSerializer.Serialize(new Ready(cluster.ApiUrl, cluster.AuthorityPem, cluster.PortOffset, cluster.Notice), Json));
            if (exitWithStdin) _ = Task.Run(() => StopAtEndOfInputAsync(stop), CancellationToken.None);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return cancellationToken.IsCancellationRequested ? 130 : 0;
        }
        catch (Exception e) when (e is ClusterStartException or FormatException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 130;
        }
    }

    private static async Task StopAtEndOfInputAsync(CancellationTokenSource stop)
    {
        var buffer = new byte[256];
        await using var input = Console.OpenStandardInput();
        while (await input.ReadAsync(buffer, CancellationToken.None) > 0)
        {
        }
        await stop.CancelAsync();
    }

    private static ClusterOptions Options()
    {
        var topology = Environment.GetEnvironmentVariable(LabTopology.EnvironmentVariable);
        return new ClusterOptions
        {
            Topology = topology is null ? LabTopology.Default : LabTopology.FromJson(topology),
            ApiToken = Environment.GetEnvironmentVariable(PodEnvironment.ApiToken) ?? LabProcesses.NewApiToken(),
            ApiPort = Number(LabProcesses.ApiPort) ?? 0,
            ApiTls = Environment.GetEnvironmentVariable(LabProcesses.ApiTls) == "true",
            PortOffset = Number(LabProcesses.PortOffset),
            CiliumConfig = LabProcesses.ParseSettings(Environment.GetEnvironmentVariable(LabProcesses.CiliumConfig) ?? ""),
            RunsPods = Environment.GetEnvironmentVariable(LabProcesses.Kubelet) == "true",
        };
    }

    private static int? Number(string variable) => Environment.GetEnvironmentVariable(variable) is not { Length: > 0 } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw new FormatException($"{variable} is '{text}' and must be a number");
}
