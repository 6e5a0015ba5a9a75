using CiliumDebugging.ClusterSetup.Kind;
using CiliumDebugging.ClusterSetup.Kind.Programs;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.ServiceDefaults;
using k8s.Autorest;
using k8s.Exceptions;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// What the commands of a kind cluster share: the lab from its options, and how their failures are told.
/// </summary>
internal static class KindRun
{
    /// <summary>Makes the lab and does something with it.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="output">Where programs' lines go.</param>
    /// <param name="action">What is done; gives the exit code.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    public static async Task<int> WithLabAsync(
        KindOptions options,
        TextWriter output,
        Func<KindLab, Task<int>> action,
        CancellationToken cancellationToken
    )
    {
        KindLab lab;
        try
        {
            lab = Open(options, output);
        }
        catch (KindException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return (int)ExitCode.BadUsage;
        }
        return await RunWithErrorReportingAsync(
            () => action(lab),
            $"stopped; the same command goes on where this one was, down --name {options.Name} removes everything",
            cancellationToken
        );
    }

    /// <summary>Makes the lab from its options.</summary>
    /// <exception cref="KindException">Something is wrong with them; one line for each problem.</exception>
    public static KindLab Open(KindOptions options, TextWriter output)
    {
        var (plan, problems) = KindPlan.Make(options);
        if (plan is null)
            throw new KindException(string.Join(Environment.NewLine, problems));
        var sources = WorkloadImages.FindSources(AppContext.BaseDirectory)
            ?? WorkloadImages.FindSources(Environment.CurrentDirectory)
            ?? throw new KindException(
                $"the lab's sources are not above {AppContext.BaseDirectory} nor {Environment.CurrentDirectory}: run it with dotnet run --project ClusterSetup from a clone of the repository"
            );
        KindState state = new KindState(options.StateRoot, options.Name);
        var programs = new ProgramRunner(Environment.GetEnvironmentVariable("PATH") ?? "", TimeProvider.System, line =>
            output.WriteLine($"        {line}")
        )
        {
            Kubeconfig = state.Kubeconfig,
        };
        return new KindLab(plan, programs, TimeProvider.System, sources);
    }

    /// <summary>
    /// Does something; failures of programs and of a cluster's API become one message and an exit code.
    /// </summary>
    public static async Task<int> RunWithErrorReportingAsync(
        Func<Task<int>> action,
        string onInterrupt,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await action();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync(onInterrupt);
            return (int)ExitCode.Interrupted;
        }
        catch (TaskCanceledException e) when (e.InnerException is TimeoutException)
        {
            await Console.Error.WriteLineAsync($"the cluster did not answer in time: {e.InnerException.Message}");
            return (int)ExitCode.Failed;
        }
        catch (Exception e)
            when (e
                    is KindException
                        or ProgramException
                        or TimeoutException
                        or HttpRequestException
                        or IOException
                        or UnauthorizedAccessException
                        or KubeConfigException
                        or InvalidDataException
            )
        {
            await Console.Error.WriteLineAsync(Secrets.Hide(e.Message));
            return (int)ExitCode.Failed;
        }
        catch (HttpOperationException e)
        {
            await Console.Error.WriteLineAsync(
                Secrets.Hide(
                    $"the cluster refused {e.Request?.Method} {e.Request?.RequestUri?.AbsolutePath}: {(int)e.Response.StatusCode} {e.Response.Content}"
                )
            );
            return (int)ExitCode.Failed;
        }
    }
}
