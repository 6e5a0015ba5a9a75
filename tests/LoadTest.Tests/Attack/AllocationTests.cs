using System.Net;
using CiliumDebugging.LoadTest.Attack;
using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Engines.Epoll;
using CiliumDebugging.LoadTest.Attack.Engines.IoUring;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Results;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>The engines on epoll and io_uring allocate nothing per request once their slots exist.</summary>
public sealed class AllocationTests
{
    [
        Theory,
        InlineData("epoll", double.PositiveInfinity),
        InlineData("io_uring", double.PositiveInfinity),
        InlineData("io_uring", 2000)
    ]
    public async Task A_request_allocates_nothing_in_steady_state(string engine, double rate)
    {
        Assert.SkipUnless(
            engine == "epoll" ? EpollEngine.IsSupported : IoUringEngine.IsSupported,
            $"{engine} cannot run here"
        );
        await using var server = new TestServer(TestServer.Answering(TestServer.Ok()));
        var sink = new AllocationSink();
        // Slots exist from the beginning: without a rate all are used at once; at a rate a second one would be made
        // when the machine happens to stall, and counted.
        var inFlight = double.IsPositiveInfinity(rate) ? 4 : 1;
        var plan = EngineContractTests.Plan(server.EndPoint) with
        {
            RatePerSecond = rate,
            MaxInFlight = inFlight,
            Duration = null,
        };
        await using var attack = AttackControl.Start(
            plan,
            sink,
            EngineContractTests.Engine(engine),
            abort: TestContext.Current.CancellationToken
        );
        // Reads the sink, not the attack: contending for the attack's lock would cost the engine's thread an
        // allocation.
        while (sink.Count < AllocationSink.Last && !attack.Completion.IsCompleted)
            await Task.Delay(1, TestContext.Current.CancellationToken);
        var accounting = await attack.StopAsync();
        accounting.Responses.ShouldBe(accounting.Started);
        (sink.AllocatedInWindow / AllocationSink.Window).ShouldBe(
            0,
            "bytes for each request; what the runtime allocates once for itself is none"
        );
    }

    /// <summary>Runs on the engine's thread, so it sees what that thread has allocated; results are part of the
    /// path.</summary>
    private sealed class AllocationSink : IRecordSink
    {
        /// <summary>
        /// Requests of a window in which the allocations are counted. What every request allocates is in each of them;
        /// what the runtime does for itself when the machine is busy is not.
        /// </summary>
        public const int Window = 900,
            Last = First + 5 * Window;

        private const int First = 100;

        private readonly AttackResults _results = new();
        private long _records;
        private long _first;

        public long Count => Volatile.Read(ref _records);

        /// <summary>Bytes allocated in the window that has the fewest.</summary>
        public long AllocatedInWindow { get; private set; } = long.MaxValue;

        public void Started(long sequence, TimeSpan intendedStart, TimeSpan start) { }

        public void Add(in RequestRecord record)
        {
            _results.Add(record);
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            if (++_records is < First or > Last || (_records - First) % Window != 0)
                return;
            if (_records > First)
                AllocatedInWindow = Math.Min(AllocatedInWindow, allocated - _first);
            _first = allocated;
        }
    }
}
