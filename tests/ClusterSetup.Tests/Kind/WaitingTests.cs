using CiliumDebugging.ClusterSetup.Kind.Steps;

namespace CiliumDebugging.ClusterSetup.Tests.Kind;

public sealed class WaitingTests
{
    [Fact]
    public async Task An_api_server_that_breaks_off_or_does_not_answer_in_time_is_asked_again()
    {
        var (failures, said) = (
            new Queue<Exception>([
                new IOException("broken off"),
                new TaskCanceledException("too slow", new TimeoutException()),
            ]),
            new List<string>()
        );

        await Waiting.UntilAsync(
            _ => failures.TryDequeue(out var failure) ? throw failure : Task.FromResult(""),
            "no cluster",
            TimeSpan.FromMinutes(1),
            TimeProvider.System,
            said.Add,
            TestContext.Current.CancellationToken
        );

        said.ShouldBe(["the API does not answer: broken off", "the API does not answer: too slow"]);
    }

    [Fact]
    public async Task Who_cancels_does_not_wait_for_the_next_try()
    {
        using var cancellation = new CancellationTokenSource();

        await Should.ThrowAsync<OperationCanceledException>(
            Waiting.UntilAsync(
                async token =>
                {
                    await cancellation.CancelAsync();
                    token.ThrowIfCancellationRequested();
                    return "never";
                },
                "no cluster",
                TimeSpan.FromMinutes(1),
                TimeProvider.System,
                _ => { },
                cancellation.Token
            )
        );
    }
}
