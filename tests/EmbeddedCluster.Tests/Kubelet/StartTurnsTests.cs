using CiliumDebugging.EmbeddedCluster.Kubelet;

namespace CiliumDebugging.EmbeddedCluster.Tests.Kubelet;

public sealed class StartTurnsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_program_waits_until_another_gives_its_turn_back_and_giving_it_back_twice_lets_only_one_in()
    {
        using var turns = new StartTurns(2);
        var first = await turns.TakeAsync(Cancellation);
        using var second = await turns.TakeAsync(Cancellation);
        var third = turns.TakeAsync(Cancellation);
        var fourth = turns.TakeAsync(Cancellation);
        third.IsCompleted.ShouldBeFalse();

        first.Dispose();
        first.Dispose();

        (await third).Dispose();
        (await fourth).Dispose();
        using var fifth = await turns.TakeAsync(Cancellation);
        turns.TakeAsync(new CancellationToken(canceled: true)).IsCanceled.ShouldBeTrue();
        var sixth = turns.TakeAsync(Cancellation);
        sixth.IsCompleted.ShouldBeFalse();
        fifth.Dispose();
        (await sixth).Dispose();
    }

    [Fact]
    public async Task A_Pod_that_is_deleted_while_it_waits_takes_no_turn()
    {
        using var turns = new StartTurns(1);
        var first = await turns.TakeAsync(Cancellation);
        using var deleted = new CancellationTokenSource();
        var waiting = turns.TakeAsync(deleted.Token);
        await deleted.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => waiting);
        first.Dispose();
        (await turns.TakeAsync(Cancellation)).Dispose();
    }
}
