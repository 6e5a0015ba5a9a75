namespace CiliumDebugging.LoadTest.Attack.Engines.Loops;

/// <summary>What a worker's thread runs.</summary>
internal interface IEventLoop : IDisposable
{
    /// <summary>Runs until every request of the worker has its record.</summary>
    void Run();
}

/// <summary>Runs the event loops of an attack, each on a thread of its own.</summary>
internal static class EventLoops
{
    /// <param name="context">The attack.</param>
    /// <param name="create">Makes the loop of a worker, given its number and how many there are; called on the loop's
    /// thread.</param>
    public static Task RunAsync(AttackContext context, Func<SharedPorts, int, int, IEventLoop> create)
    {
        var ports = new SharedPorts(context.CreatePorts());
        var workers = Math.Min(context.Plan.Workers, context.Capacity);
        // The pacing loop owns its thread: on the pool it would wait for others' work and they for it.
        return Task.WhenAll(
            Enumerable
                .Range(0, workers)
                .Select(worker =>
                    Task.Factory.StartNew(
                        () => Run(context, () => create(ports, worker, workers)),
                        CancellationToken.None,
                        TaskCreationOptions.LongRunning,
                        TaskScheduler.Default
                    )
                )
        );
    }

    private static void Run(AttackContext context, Func<IEventLoop> create)
    {
        try
        {
            using var loop = create();
            loop.Run();
        }
        catch (Exception e)
        {
            context.Recorder.Fail(e);
        }
    }
}
