using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.ServiceDefaults;
using k8s.Autorest;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>Why a run failed.</summary>
/// <param name="Message">For the console; a stack trace only where the failure is not a known one.</param>
/// <param name="ExitCode">Exit code of the process.</param>
internal sealed record RunFailure(string Message, ExitCode ExitCode)
{
    public static RunFailure Of(Exception failure) =>
        failure switch
        {
            ScenarioException or FormatException or ResourceEndedException { ExitCode: (int)ExitCode.BadUsage } => new(
                failure.Message,
                ExitCode.BadUsage
            ),
            _ => new($"the lab failed: {Describe(failure)}", ExitCode.Failed),
        };

    private static string Describe(Exception failure) =>
        failure switch
        {
            ResourceEndedException => $"the cluster ended: {failure.Message}",
            HttpOperationException e =>
                $"the cluster refused a request: {(int)e.Response.StatusCode} {e.Response.Content}",
            OperationCanceledException => "the cluster did not answer in time",
            TimeoutException
            or HttpRequestException
            or IOException
            or InvalidOperationException
            or Lab.Observing.ObservationException
            or Lab.Running.Existing.ClusterRefusedException => ApiMessages.Of(failure),
            _ => $"{failure}",
        };
}
