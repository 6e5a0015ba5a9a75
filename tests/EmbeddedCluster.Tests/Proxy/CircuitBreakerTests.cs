using CiliumDebugging.EmbeddedCluster.Proxy;

namespace CiliumDebugging.EmbeddedCluster.Tests.Proxy;

public class CircuitBreakerTests
{
    [Fact]
    public void Three_retries_and_1024_pending_requests_have_room_at_once()
    {
        var cluster = new CircuitBreaker();
        Enumerable.Range(0, 10).Count(_ => cluster.TryStartRetry(3)).ShouldBe(3);
        cluster.EndRetry();
        Enumerable.Range(0, 10).Count(_ => cluster.TryStartRetry(3)).ShouldBe(1);
        Enumerable.Range(0, 2_000).Count(_ => cluster.TryStartPending(1_024)).ShouldBe(1_024);
        cluster.EndPending();
        cluster.TryStartPending(1_024).ShouldBeTrue();
        cluster.TryStartPending(1_024).ShouldBeFalse();
    }

    [Fact]
    public void Places_are_given_back_whatever_the_threads_do()
    {
        var cluster = new CircuitBreaker();
        var (most, now) = (0, 0);
        Parallel.For(0, 50_000, _ =>
        {
            if (!cluster.TryStartRetry(3))
                return;
            var running = Interlocked.Increment(ref now);
            if (running > Volatile.Read(ref most))
                Volatile.Write(ref most, running);
            Interlocked.Decrement(ref now);
            cluster.EndRetry();
        });
        most.ShouldBeInRange(1, 3);
        Enumerable.Range(0, 10).Count(_ => cluster.TryStartRetry(3)).ShouldBe(3);
    }
}
