using CiliumDebugging.AppHost.CommandLine;

namespace CiliumDebugging.AppHost.Tests.CommandLine;

public sealed class MachineCheckTests
{
    [Theory]
    [InlineData("Max open files            64                   256                  files", 256)]
    [InlineData("Max open files            64                   64                   files", 64)]
    [InlineData("Max open files            1024                 1048576              files", null)]
    [InlineData("Max open files            unlimited            unlimited            files", null)]
    [InlineData("Max cpu time              unlimited            unlimited            seconds", null)]
    public void Too_few_open_files_are_named_with_the_limit(string limits, int? limit) =>
        MachineCheck
            .OpenFiles($"Limit                     Soft Limit           Hard Limit           Units\n{limits}\n")
            .ShouldBe(
                limit is null
                    ? null
                    : $"this process may open {limit} files (ulimit -n), and the lab needs 1024: raise the limit"
            );

    [Fact]
    public void A_folder_for_temporary_files_that_does_not_exist_is_named()
    {
        MachineCheck
            .TemporaryFolder("/nonexistent/tmp")
            .ShouldBe(
                "the folder for temporary files, /nonexistent/tmp, does not exist: create it, or set TMPDIR to another one"
            );
        MachineCheck
            .TemporaryFolder("/proc")
            .ShouldNotBeNull()
            .ShouldStartWith("the folder for temporary files, /proc, cannot");
    }

    [Fact]
    public void A_machine_that_has_everything_has_no_problems() => MachineCheck.Problems().ShouldBeEmpty();
}
