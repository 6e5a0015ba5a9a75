namespace CiliumDebugging.AppHost.Tests;

/// <summary>Which packages Aspire.targets adds, on a copy of the project and on NuGet sources of the test's own. A class of its own, so that it runs beside <see cref="AspireHostTests"/>.</summary>
public sealed class AspirePackagesTests : IDisposable
{
    private static readonly string[] Packages = ["Aspire.Hosting.AppHost", "Aspire.Hosting.Orchestration", "Aspire.Dashboard.Sdk", "Aspire.Hosting.Testing", "Aspire.Hosting.Kubernetes"];

    private readonly ProjectCopy project = new();

    public void Dispose() => project.Dispose();

    [Fact]
    public async Task Sources_with_Aspire_add_every_package_of_the_version_that_is_asked_for()
    {
        var source = project.AddSource(Packages);

        var packages = await project.CollectAsync(source);

        packages.Count.ShouldBe(4); // the one that tests want is theirs alone
        packages.ShouldContain("Aspire.Hosting.AppHost 13.4.6");
        packages.ShouldContain("Aspire.Hosting.Kubernetes 13.4.*-*");
        (await project.PropertyAsync("IsAspireHost")).ShouldBe("true");
        (await project.ItemsAsync("Compile", "-p:PkgAspire_Hosting_AppHost=restored")).ShouldBe(["AppHost.cs", "Aspire/Cluster.cs", "LabOptions.cs"]);
    }

    [Fact]
    public async Task A_source_with_only_some_of_the_packages_counts_as_one_without_until_the_rest_is_added()
    {
        var some = project.AddSource(Packages[..3]);
        var rest = project.AddSource(Packages[3..]);

        (await project.CollectAsync(some)).ShouldBeEmpty();
        (await project.CollectAsync($"{some};{rest}")).Count.ShouldBe(4);
    }

    [Fact]
    public async Task The_sources_are_asked_once()
    {
        var source = project.AddSource();
        await project.CollectAsync(source);
        project.ForgetProbe();

        await project.CollectAsync(source);

        project.ProbeWasRun.ShouldBeFalse();
    }

    [Fact]
    public async Task Another_version_is_asked_for_with_AspireVersion()
    {
        var source = project.AddSource("13.3.1", Packages);

        (await project.CollectAsync(source)).ShouldBeEmpty();
        (await project.CollectAsync(source, "-p:AspireVersion=13.3.1")).ShouldContain("Aspire.Hosting.Kubernetes 13.3.*-*");
    }
}
