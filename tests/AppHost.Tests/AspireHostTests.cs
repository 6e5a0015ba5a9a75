namespace CiliumDebugging.AppHost.Tests;

/// <summary>Which host Aspire.targets makes of the project, on a copy of it and on NuGet sources of the test's own.</summary>
public sealed class AspireHostTests : IDisposable
{
    private readonly ProjectCopy project = new();

    public void Dispose() => project.Dispose();

    [Fact]
    public async Task Before_any_restore_it_is_an_Aspire_host()
    {
        (await project.PropertyAsync("IsAspireHost")).ShouldBe("true");
        (await project.PropertyAsync("AspireHostingSDKVersion")).ShouldBe("13.4.6");
        (await project.PropertyAsync("IsAspireHost", "-p:UseAspire=false")).ShouldBe("false");
        project.ProbeWasRun.ShouldBeFalse();
    }

    [Fact]
    public async Task Sources_without_Aspire_make_it_the_embedded_host_and_one_line_says_so()
    {
        var source = project.AddSource();

        (await project.CollectAsync(source)).ShouldBeEmpty();

        (await project.PropertyAsync("IsAspireHost")).ShouldBe("false");
        (await project.PropertyAsync("AspireHostingSDKVersion")).ShouldBeEmpty();
        (await project.PropertyAsync("IsAspireHost", "-p:UseAspire=true")).ShouldBe("true");
        (await project.PropertyAsync("IsAspireHost", "-p:AspireVersion=13.3.1")).ShouldBe("true", "another version has not been asked for yet");
        (await project.ItemsAsync("Compile")).ShouldBe(["EmbeddedHost.cs", "LabOptions.cs"]);

        var lines = (await project.RunAsync("-t:SayEmbeddedHost")).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        lines.ShouldHaveSingleItem().ShouldStartWith("AppHost is built on its embedded host: the NuGet sources do not carry Aspire 13.4.6 (");
    }

    [Fact]
    public async Task UseAspire_decides_without_asking()
    {
        var source = project.AddSource();

        (await project.CollectAsync(source, "-p:UseAspire=true")).Count.ShouldBe(4);
        (await project.CollectAsync(source, "-p:UseAspire=false")).ShouldBeEmpty();

        project.ProbeWasRun.ShouldBeFalse();
        (await project.RunAsync("-t:SayEmbeddedHost", "-p:UseAspire=false")).ShouldContain("UseAspire is false");
    }

    [Fact]
    public async Task A_source_out_of_reach_makes_it_the_embedded_host_for_now()
    {
        (await project.CollectAsync("http://127.0.0.1:9/index.json")).ShouldBeEmpty();

        (await project.PropertyAsync("IsAspireHost")).ShouldBe("false");
        (await project.PropertyAsync("AspireProbe")).ShouldBe("unreachable");
        (await project.RunAsync("-t:SayEmbeddedHost")).ShouldContain("could not be restored");
    }
}
