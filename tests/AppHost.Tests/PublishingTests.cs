namespace CiliumDebugging.AppHost.Tests;

/// <summary>Publishing by a build without Aspire.Hosting.Kubernetes, on NuGet sources of the test's own.</summary>
public sealed class PublishingTests
{
    [Fact]
    public async Task Where_no_source_has_the_package_NuGets_reason_is_said_in_one_line()
    {
        var empty = Directory.CreateTempSubdirectory("nuget-");
        try
        {
            var (exitCode, output) = await AppHostProcess.RunAsync(
                ["--operation", "publish", "--step", "publish", "--output-path", Path.Combine(empty.FullName, "chart")],
                ("RestoreSources", empty.FullName)
            );

            exitCode.ShouldBe(1);
            var line = output.Trim().Split('\n').ShouldHaveSingleItem();
            line.ShouldStartWith("cannot publish: error NU1101: Unable to find package Aspire.Hosting.Kubernetes.");
            Directory.Exists(Path.Combine(empty.FullName, "chart")).ShouldBeFalse();
        }
        finally
        {
            empty.Delete(recursive: true);
        }
    }
}
