using CiliumDebugging.Lab.Control;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.ServiceDefaults;
using k8s.Autorest;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>Runs what is asked of a lab, one order after the other.</summary>
internal static class RunLoop
{
    /// <summary>
    /// Runs the first order and, where the lab stays up, every order after it. A later run that breaks is said and
    /// waited out; the first one ends the lab.
    /// </summary>
    /// <param name="session">The lab.</param>
    /// <param name="order">The first order.</param>
    /// <param name="run">Runs one order and shows it in the host's way.</param>
    /// <param name="say">Says a line.</param>
    /// <param name="staysUp">
    /// What to say when a run is over and the lab waits for the next order; null: it ends after the first one.
    /// </param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<ExitCode> RunAsync(
        LabController session,
        RunOrder order,
        Func<RunOrder, Task<(RunReport Report, string Saved)>> run,
        Action<string> say,
        Func<string>? staysUp,
        CancellationToken cancellationToken
    )
    {
        for (var first = true; ; first = false)
        {
            try
            {
                var (report, saved) = await run(order);
                say(saved);
                if (staysUp is null)
                    return report.Holds ? ExitCode.Success : ExitCode.NotReproduced;
            }
            catch (Exception e)
                when (!first
                    && e
                        is TimeoutException
                            or HttpRequestException
                            or HttpOperationException
                            or InvalidOperationException
                )
            {
                say($"the run broke: {e.Message}");
            }
            if (staysUp is not null)
                say(staysUp());
            order = await session.NextOrderAsync(cancellationToken);
        }
    }
}
