using CiliumDebugging.EmbeddedCluster.Configuration;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>Reports failures of a scenario's command as one message and an exit code.</summary>
internal static class ScenarioFailures
{
    public static Task<int> RunWithErrorReportingAsync(
        Func<Task<ExitCode>> action,
        CancellationToken cancellationToken
    ) =>
        KindRun.RunWithErrorReportingAsync(
            async () =>
            {
                try
                {
                    return await action();
                }
                // A setting of an embedded cluster is a FormatException.
                catch (Exception e)
                    when (e is ScenarioException or ClusterRefusedException or ClusterStartException or FormatException)
                {
                    await Console.Error.WriteLineAsync(TerminalText.Clean(e.Message));
                    return ExitCode.BadUsage;
                }
            },
            "stopped",
            cancellationToken
        );
}
