using CiliumDebugging.EmbeddedCluster.Kubelet;

namespace CiliumDebugging.EmbeddedCluster.Tests.Kubelet;

public sealed class PodOutputTests
{
    [Fact]
    public async Task Each_run_of_a_container_has_its_own_log_and_the_one_before_is_kept()
    {
        var output = new PodOutput(TimeProvider.System);
        output.BeginRun();
        output.Add("first");
        output.BeginRun();
        output.Add("second");
        output.Add("second again");
        (await ReadAsync(output)).ShouldBe(["second", "second again"]);
        (await ReadAsync(output, previous: true)).ShouldBe(["first"]);

        output.BeginRun();
        output.Add("third");
        (await ReadAsync(output)).ShouldBe(["third"]);
        (await ReadAsync(output, previous: true)).ShouldBe(["second", "second again"]);
        (await ReadAsync(output, tail: 1, previous: true)).ShouldBe(["second again"]);
    }

    private static async Task<List<string>> ReadAsync(PodOutput output, int? tail = null, bool previous = false) =>
        await output
            .ReadAsync(tail, follow: false, previous, TestContext.Current.CancellationToken)
            .Select(line => line.Text)
            .ToListAsync(TestContext.Current.CancellationToken);
}
