using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

public sealed class ReconcilerTests
{
    [Fact]
    public async Task An_object_that_fails_keeps_no_other_waiting_and_its_failure_is_told()
    {
        var done = new List<int>();
        var failure = await Should.ThrowAsync<InvalidOperationException>(() =>
            Reconciler.EachAsync(
                [1, 2, 3],
                async n =>
                {
                    await Task.Yield();
                    if (n == 2)
                        throw new InvalidOperationException("two");
                    done.Add(n);
                },
                TestContext.Current.CancellationToken
            )
        );
        failure.Message.ShouldBe("two");
        done.ShouldBe([1, 3]);
    }

    [Fact]
    public async Task When_everything_is_stopped_the_rest_is_left()
    {
        using var stop = new CancellationTokenSource();
        var done = new List<int>();
        await Should.ThrowAsync<OperationCanceledException>(() =>
            Reconciler.EachAsync(
                [1, 2, 3],
                async n =>
                {
                    done.Add(n);
                    await stop.CancelAsync();
                    stop.Token.ThrowIfCancellationRequested();
                },
                stop.Token
            )
        );
        done.ShouldBe([1]);
    }
}
