namespace CiliumDebugging.LoadTest.Attack;

/// <summary>
/// The engine for Linux: one event loop per worker on epoll, called directly. Nothing is allocated per request, and waits are exact to
/// some ten microseconds.
/// </summary>
public sealed class EpollEngine : IAttackEngine
{
    /// <summary>True where this engine runs.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <inheritdoc/>
    public string Name => "epoll";

    /// <inheritdoc/>
    public async Task RunAsync(AttackContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var ports = new SharedPorts(context.CreatePorts());
        var count = Math.Min(context.Plan.Workers, context.Capacity);
        await Task.WhenAll(Enumerable.Range(0, count).Select(worker => RunWorkerAsync(context, ports, worker, count)));
    }

    private static async Task RunWorkerAsync(AttackContext context, SharedPorts ports, int worker, int workers)
    {
        // The pacing loop owns its thread: on the pool it would wait for others' work and they for it.
        await Task.Factory.StartNew(
            () =>
            {
                try
                {
                    using var loop = new EpollWorker(context, ports, worker, workers);
                    loop.Run();
                }
                catch (Exception e)
                {
                    context.Recorder.Fail(e);
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }
}
