using CiliumDebugging.ClusterSetup.Kind;
using CiliumDebugging.ClusterSetup.Kind.Programs;
using CiliumDebugging.ClusterSetup.Kind.Steps;
using CiliumDebugging.EmbeddedCluster.Api.Access;
using CiliumDebugging.Releases;
using CiliumDebugging.Testing;

namespace CiliumDebugging.ClusterSetup.Tests.Kind;

/// <summary>
/// The steps of <c>up</c> and <c>down</c> with programs that tests write and the embedded API in the place of the
/// cluster's.
/// </summary>
public sealed class StepTests : IAsyncLifetime
{
    private readonly FakePrograms _fakes = new();
    private ApiFixture _api = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Clusters => Path.Combine(_fakes.Folder, "clusters");

    public async ValueTask InitializeAsync()
    {
        _api = await ApiFixture.StartAsync();
        var kubeconfig = Path.Combine(_fakes.Folder, "made-by-kind");
        KubeconfigFile.Write(kubeconfig, _api.Server.Address, ApiFixture.Token, ApiFixture.AuthorityPem);
        // A kind that keeps its clusters in a file; the last argument of create is the kubeconfig it is to write.
        _fakes.Add(
            "kind",
            $$"""
            for last in "$@"; do :; done
            case "$all" in
              "get clusters") test -s '{{Clusters}}' && cat '{{Clusters}}' || echo 'No kind clusters found.' >&2;;
              "create cluster"*) echo lab >> '{{Clusters}}'; cp '{{kubeconfig}}' "$last"; echo "token: very-secret";;
              "export kubeconfig"*) cp '{{kubeconfig}}' "$last";;
              "delete cluster"*) : > '{{Clusters}}';;
              "version -q") echo 0.33.0;;
              *) exit 1;;
            esac
            """
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        _fakes.Dispose();
    }

    private KindLab Lab(Func<KindOptions, KindOptions>? change = null)
    {
        var options = new KindOptions { Name = "lab", StateRoot = Path.Combine(_fakes.Folder, "state") };
        var (plan, problems) = KindPlan.Make(change?.Invoke(options) ?? options);
        problems.ShouldBeEmpty();
        return new KindLab(
            plan!,
            _fakes.Runner(),
            new SteppedClock(),
            WorkloadImages.FindSources(AppContext.BaseDirectory)!
        );
    }

    private static async Task<string> RunAsync(ClusterStep step)
    {
        using var output = new StringWriter();
        await new StepList([step], output, TimeProvider.System).RunAsync(Cancellation);
        return output.ToString();
    }

    [Fact]
    public async Task A_cluster_is_made_once_with_a_kubeconfig_of_its_own_and_removed_with_everything_that_was_kept_of_it()
    {
        var lab = Lab();
        await RunAsync(new CreateCluster(lab));
        (await RunAsync(new CreateCluster(Lab()))).ShouldContain("done already: it answers");
        _fakes.Calls.Count(c => c.StartsWith("kind create", StringComparison.Ordinal)).ShouldBe(1);
        _fakes
            .Calls.Where(c => c.StartsWith("kind create", StringComparison.Ordinal))
            .ShouldAllBe(c => c.Contains($"--kubeconfig {lab.State.Kubeconfig}", StringComparison.Ordinal));
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(lab.State.Kubeconfig).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        await RunAsync(new RemoveCluster(lab));
        lab.State.IsOurs.ShouldBeFalse();
        (await RunAsync(new RemoveCluster(lab))).ShouldContain("done already: there is none");
    }

    [Fact]
    public async Task A_cluster_whose_address_has_changed_gets_another_kubeconfig()
    {
        var lab = Lab();
        await RunAsync(new CreateCluster(lab));
        KubeconfigFile.Write(
            lab.State.Kubeconfig,
            new Uri("https://127.0.0.1:1"),
            ApiFixture.Token,
            ApiFixture.AuthorityPem
        );

        (await RunAsync(new CreateCluster(Lab()))).ShouldContain("done already: it answers");

        _fakes.Calls[^1].ShouldStartWith($"kind export kubeconfig --name lab --kubeconfig {lab.State.Kubeconfig}");
    }

    [Fact]
    public async Task A_cluster_that_an_interruption_left_half_made_is_removed_and_made_anew()
    {
        var lab = Lab();
        lab.State.Create();
        await File.WriteAllTextAsync(lab.State.KindConfig, lab.Plan.Config.ToYaml(), Cancellation);
        await File.WriteAllTextAsync(lab.State.Creating, "", Cancellation);
        await File.WriteAllTextAsync(Clusters, "lab\n", Cancellation);
        (await RunAsync(new CreateCluster(lab))).ShouldContain("removing what an interruption left");
        _fakes
            .Calls.Select(c => string.Join(' ', c.Split(' ').Take(3)))
            .ShouldBe(["kind get clusters", "kind get clusters", "kind delete cluster", "kind create cluster"]);
        File.Exists(lab.State.Creating).ShouldBeFalse();
    }

    [Fact]
    public async Task A_cluster_that_is_not_the_labs_is_left_alone_by_up_and_down()
    {
        await File.WriteAllTextAsync(Clusters, "lab\n", Cancellation);
        (await Should.ThrowAsync<KindException>(() => RunAsync(new CreateCluster(Lab())))).Message.ShouldContain(
            "did not create"
        );
        (await Should.ThrowAsync<KindException>(() => RunAsync(new RemoveCluster(Lab())))).Message.ShouldContain(
            "left alone"
        );
        _fakes.Calls.ShouldAllBe(c => c == "kind get clusters");
    }

    [Fact]
    public async Task Another_configuration_than_the_one_that_was_made_is_refused()
    {
        await RunAsync(new CreateCluster(Lab()));
        (
            await Should.ThrowAsync<KindException>(() => RunAsync(new CreateCluster(Lab(o => o with { Workers = 5 }))))
        ).Message.ShouldContain("another configuration");
    }

    [Fact]
    public async Task Cilium_is_installed_once_and_again_when_something_else_is_asked_for()
    {
        var described = Path.Combine(_fakes.Folder, "described");
        // What Helm writes: status with the whole manifest, all on one line; history without it.
        _fakes.Add(
            "helm",
            $$$"""
            case "$all" in
              status*|history*) test -f '{{{described}}}' || { echo 'Error: release: not found' >&2; exit 1; };;
            esac
            case "$all" in
              status*) printf '{"name":"cilium","info":{"status":"deployed","description":"%s"},"manifest":"%0100000d"}\n' "$(cat '{{{described}}}')" 0;;
              history*) printf '[{"revision":1,"updated":"2026-11-27T14:57:15Z","status":"deployed","chart":"cilium-1.9.0","app_version":"1.9.0","description":"%s"}]\n' "$(cat '{{{described}}}')";;
              upgrade*) while [ $# -gt 0 ]; do [ "$1" = --description ] && printf %s "$2" > '{{{described}}}'; shift; done;;
            esac
            """
        );
        await RunAsync(new CreateCluster(Lab()));
        await RunAsync(new InstallCilium(Lab(), CiliumVersion.OriginalReport));
        (await RunAsync(new InstallCilium(Lab(), CiliumVersion.OriginalReport))).ShouldContain("done already");
        await RunAsync(
            new InstallCilium(Lab(o => o with { Sets = ["debug.enabled=true"] }), CiliumVersion.OriginalReport)
        );
        _fakes.Calls.Count(c => c.StartsWith("helm upgrade", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task A_helm_that_writes_garbage_is_named()
    {
        _fakes.Add("helm", "echo '<html>not json'");
        await RunAsync(new CreateCluster(Lab()));
        (
            await Should.ThrowAsync<ProgramException>(() =>
                RunAsync(new InstallCilium(Lab(), CiliumVersion.OriginalReport))
            )
        ).Message.ShouldContain("something unexpected");
    }

    [Fact]
    public async Task Everything_that_is_missing_is_named_at_once()
    {
        _fakes
            .Add("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
            .Add("helm", "echo garbage")
            .Add("dotnet", "echo 8.0.100");
        var message = (await Should.ThrowAsync<KindException>(() => RunAsync(new CheckPrerequisites(Lab())))).Message;
        message.ShouldContain("the container engine does not run");
        message.ShouldContain("helm wrote something unexpected");
        message.ShouldContain("8.0.100 is too old");
    }
}
