using CiliumDebugging.Lab.Running;
using CiliumDebugging.Measurement.Runs;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>The cause of a broken run is the same in whatever order its effects are noticed.</summary>
public sealed class RunBreakTests : IDisposable
{
    private const string Killed = "the process cluster was killed";

    private readonly FakeTimeProvider _time = new();
    private readonly RunController _control = new() { EndNotice = TimeSpan.FromSeconds(10) };

    public void Dispose() => _control.Dispose();

    [Theory]
    [InlineData("refuses")]
    [InlineData("hangs")]
    public async Task A_cluster_that_was_killed_is_named_when_that_is_noticed_after_its_api_is_gone(string api)
    {
        var why = WhyAsync(api);
        // The API is given up after 2 s where it hangs.
        for (var second = 0; second < 9; second++)
            await AdvanceAsync(TimeSpan.FromSeconds(1));
        why.IsCompleted.ShouldBeFalse();

        _control.Break(Killed);

        (await why).ShouldBe(new EarlyEnd(Killed, IsInterruption: false));
    }

    [Theory]
    [InlineData("refuses")]
    [InlineData("hangs")]
    [InlineData("answers")]
    public async Task A_cluster_that_was_killed_is_named_when_that_is_noticed_before(string api)
    {
        _control.Break(Killed);
        (await WhyAsync(api)).Reason.ShouldBe(Killed);
    }

    [Theory]
    [InlineData("refuses", "the cluster's API server cannot be reached any more: Connection refused")]
    [InlineData("hangs", "the cluster's API server cannot be reached any more: it does not answer")]
    [InlineData("answers", "the response ended prematurely")]
    public async Task What_was_seen_is_named_when_nothing_more_is_learnt_in_time(string api, string reason)
    {
        var why = WhyAsync(api);
        while (!why.IsCompleted)
            await AdvanceAsync(TimeSpan.FromSeconds(1));
        (await why).Reason.ShouldBe(reason);
    }

    [Fact]
    public async Task Where_nothing_notices_the_end_of_the_cluster_it_is_not_waited_for()
    {
        using var control = new RunController();
        (await RunBreak.WhyAsync(control, Client(), Api("refuses"), Seen(), _time)).Reason.ShouldBe(
            "the cluster's API server cannot be reached any more: Connection refused"
        );
    }

    private Task<EarlyEnd> WhyAsync(string api) => RunBreak.WhyAsync(_control, Client(), Api(api), Seen(), _time);

    /// <summary>Time goes on when everything that is due has been done.</summary>
    private async Task AdvanceAsync(TimeSpan by)
    {
        _time.Advance(by);
        for (var turn = 0; turn < 20; turn++)
            await Task.Delay(1, TestContext.Current.CancellationToken);
    }

    private static HttpRequestException Seen() => new("the response ended prematurely");

    private static V1Pod Client() =>
        new()
        {
            Metadata = new V1ObjectMeta { Name = "load-test-1", NamespaceProperty = "load-test" },
            Status = new V1PodStatus(),
        };

    private static Func<CancellationToken, Task<V1Pod>> Api(string what) =>
        what switch
        {
            "refuses" => _ => throw new HttpRequestException("Connection refused"),
            "hangs" => _ => new TaskCompletionSource<V1Pod>().Task,
            _ => _ => Task.FromResult(Client()),
        };
}
