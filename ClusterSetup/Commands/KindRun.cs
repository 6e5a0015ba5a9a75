using CiliumDebugging.ClusterSetup.Kind;
using CiliumDebugging.ClusterSetup.Kind.Programs;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.ServiceDefaults.Processes;
using k8s.Exceptions;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// What the commands of a kind cluster share: the lab from its options, and how failures are reported.
/// </summary>
internal static class KindRun
{
    /// <summary>Opens the lab and does something with it.</summary>
    /// <returns>The exit code of the process.</returns>
    public static async Task<int> WithLabAsync(
        KindOptions options,
        Func<KindLab, Task<ExitCode>> action,
        CancellationToken cancellationToken
    )
    {
        KindLab lab;
        try
        {
            lab = Open(options);
        }
        catch (KindException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return (int)ExitCode.BadUsage;
        }
        return await RunWithErrorReportingAsync(
            () => action(lab),
            $"stopped; the same command continues where this one was, down --name {options.Name} removes everything",
            cancellationToken
        );
    }

    /// <summary>Opens the lab.</summary>
    /// <param name="options">Its options.</param>
    /// <param name="notes">Where the lines of long programs go; null: standard output.</param>
    /// <exception cref="KindException">Something is wrong with them; one line for each problem.</exception>
    public static KindLab Open(KindOptions options, TextWriter? notes = null)
    {
        var (plan, problems) = KindPlan.Make(options);
        if (plan is null)
            throw new KindException(string.Join(Environment.NewLine, problems));
        var sources = WorkloadImages.FindSources(AppContext.BaseDirectory)
            ?? WorkloadImages.FindSources(Environment.CurrentDirectory)
            ?? throw new KindException(
                $"the lab's sources are not above {AppContext.BaseDirectory} or {Environment.CurrentDirectory}: "
                    + "run it with dotnet run --project ClusterSetup from a clone of the repository"
            );
        var state = new KindState(options.StateRoot, options.Name);
        var programs = new ProgramRunner(Environment.GetEnvironmentVariable("PATH") ?? "", TimeProvider.System, line =>
            (notes ?? Console.Out).WriteLine($"        {line}")
        )
        {
            Kubeconfig = state.Kubeconfig,
        };
        return new KindLab(plan, programs, TimeProvider.System, sources);
    }

    /// <summary>
    /// Does something. Failures of programs and of a cluster's API become one message and an exit code.
    /// </summary>
    public static async Task<int> RunWithErrorReportingAsync(
        Func<Task<ExitCode>> action,
        string onInterrupt,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return (int)await action();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync(onInterrupt);
            return (int)ExitCode.Interrupted;
        }
        catch (KubeconfigException e)
        {
            await Console.Error.WriteLineAsync(TerminalText.Clean(Secrets.Hide(e.Message)));
            return (int)ExitCode.BadUsage;
        }
        catch (TaskCanceledException e) when (e.InnerException is TimeoutException)
        {
            await Console.Error.WriteLineAsync($"the cluster did not answer in time: {e.InnerException.Message}");
            return (int)ExitCode.Failed;
        }
        catch (Exception e) when (e is not IOException && ApiFailures.Is(e))
        {
            await Console.Error.WriteLineAsync(TerminalText.Clean(Secrets.Hide(ApiFailures.Describe(e))));
            return (int)ExitCode.Failed;
        }
        catch (Exception e)
            when (e
                    is KindException
                        or ProgramException
                        or TimeoutException
                        or IOException
                        or UnauthorizedAccessException
                        or KubeConfigException
                        or InvalidDataException
            )
        {
            await Console.Error.WriteLineAsync(TerminalText.Clean(Secrets.Hide(e.Cause())));
            return (int)ExitCode.Failed;
        }
    }
}
