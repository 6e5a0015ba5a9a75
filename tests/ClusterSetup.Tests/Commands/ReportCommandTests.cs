using System.CommandLine;
using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.LoadTest.Commands;

namespace CiliumDebugging.ClusterSetup.Tests.Commands;

/// <summary>The commands that read saved runs.</summary>
public sealed class ReportCommandTests
{
    [Theory]
    [InlineData("before ''", "compare", "", "b")]
    [InlineData("after ''", "compare", "a", "")]
    [InlineData("run ''", "redact", "")]
    [InlineData("--output ''", "redact", "a", "--output", "")]
    public void A_file_without_a_name_is_refused(string expected, params string[] words)
    {
        RootCommand root = [CompareCommand.Build(), RedactCommand.Build()];
        AttackCommands.Parse(root, words).Errors.ShouldHaveSingleItem().Message.ShouldStartWith(expected);
    }
}
