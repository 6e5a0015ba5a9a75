using CiliumDebugging.EmbeddedCluster.Configuration;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>Failures of a scenario's command, told as one message and an exit code.</summary>
internal static class ScenarioFailures
{
    /// <summary>Does something.</summary>
    public static Task<int> RunWithErrorReportingAsync(Func<Task<int>> action, CancellationToken cancellationToken) =>
        KindRun.RunWithErrorReportingAsync(
            async () =>
            {
                try
                {
                    return await action();
                }
                catch (Exception e)
                    when (e is ScenarioException or ClusterRefusedException or ClusterStartException or FormatException)
                {
                    await Console.Error.WriteLineAsync(e.Message);
                    return (int)ExitCode.BadUsage;
                }
            },
            "stopped",
            cancellationToken
        );
}
