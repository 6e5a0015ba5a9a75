using CiliumDebugging.AppHost.Resources;

namespace CiliumDebugging.AppHost.Tests.Resources;

/// <summary>What is said of a process of the lab that has ended.</summary>
public sealed class ResourceEndedExceptionTests
{
    private const string Reason = "the process cluster was killed";

    [Theory]
    [InlineData(
        "Unhandled exception. System.InvalidOperationException: no ring",
        "   at CiliumDebugging.X.Y() in /src/X.cs:line 3"
    )]
    [InlineData("Out of memory.", "")]
    [InlineData("Stack overflow.", "   at CiliumDebugging.X.Y()")]
    public void A_process_that_the_runtime_ends_is_described_by_the_runtimes_line_without_the_calls(
        string why,
        string calls
    ) => Message(["warn: probe is late", why, calls], ResourceEndedException.Killed).ShouldBe($"{Reason}: {why}");

    [Fact]
    public void Of_a_process_that_another_ends_no_line_is_taken_for_the_reason() =>
        Message(["warn: probe is late"], ResourceEndedException.Killed).ShouldBe(Reason);

    [Fact]
    public void Of_a_process_that_ends_by_itself_the_last_five_lines_are_the_reason() =>
        Message([.. Enumerable.Range(1, 9).Select(i => $"{i}")], 2)
            .ShouldBe(string.Join(Environment.NewLine, "5", "6", "7", "8", "9"));

    private static string Message(string[] output, int exitCode) =>
        new ResourceEndedException(Reason, output, exitCode).Message;
}
