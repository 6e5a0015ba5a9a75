namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>A lab that may open far fewer files than the connections that it needs.</summary>
[Collection(LabsOfTheirOwn.Name)]
public sealed class FewFilesTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task It_says_that_the_machine_cannot_keep_up_or_shows_the_skew_and_the_cluster_lives_on()
    {
        PrivateNetwork.Create().Dispose(); // skips where there are none
        await using var lab = LabProcess.StartAlone(
            "ulimit -n 1200",
            hasLoopback: true,
            ["--once", "--rate", "1000", "--baseline", "3s", "--observe", "6s"]
        );

        var exitCode = await lab.WaitAsync(s_limit);

        lab.Output.ShouldNotContain("was killed");
        lab.Output.ShouldNotContain("Out of memory");
        exitCode.ShouldBeOneOf(0, 4);
    }
}
