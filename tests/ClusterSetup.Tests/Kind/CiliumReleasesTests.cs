using CiliumDebugging.ClusterSetup.Kind;
using CiliumDebugging.ClusterSetup.Kind.Cilium;
using CiliumDebugging.Lab.Releases;
using CiliumDebugging.Releases;

namespace CiliumDebugging.ClusterSetup.Tests.Kind;

public class CiliumReleasesTests
{
    private static CiliumVersion Version(string text) =>
        CiliumVersion.TryParse(text, out var version) ? version : throw new FormatException(text);

    [Fact]
    public void Every_release_has_a_row_a_node_image_and_values_that_its_chart_knows()
    {
        ChartValues.Published.Releases.Length.ShouldBe(199);
        foreach (var release in ChartValues.Published.Releases)
        {
            var row = CiliumReleases.Of(release);
            var image = KindNodeImage.For(release);
            CiliumReleases.PairProblem(release, image.Kubernetes, allowUntested: false).ShouldBeNull();
            row.Source.ShouldNotBeEmpty();
            foreach (var value in HelmValues.For(release))
                ChartValues.Published.Problem(release, value.Key).ShouldBeNull();
        }
    }

    [Fact]
    public void Every_node_image_has_a_digest_of_its_own()
    {
        KindNodeImage.All.Select(i => i.Digest).ShouldBeUnique();
        foreach (var image in KindNodeImage.All)
            image.Digest.ShouldMatch("^[0-9a-f]{64}$");
    }

    [Theory]
    [InlineData("1.9.0", "1.19.16")]
    [InlineData("1.10.0", "1.21.14")]
    [InlineData("1.16.0", "1.30.13")]
    public void A_release_is_put_on_the_newest_kubernetes_that_it_is_tested_with(string cilium, string kubernetes) =>
        KindNodeImage.For(Version(cilium)).Kubernetes.ToString().ShouldBe(kubernetes);

    [Theory]
    [InlineData("1.9.0", "1.30.13", false, "is not tested with Kubernetes 1.30.13 but with 1.12 to 1.19")]
    [InlineData("1.16.0", "1.19.16", true, "its chart requires 1.21 or later")]
    public void An_impossible_pair_is_refused_with_the_reason(
        string cilium,
        string kubernetes,
        bool allowUntested,
        string reason
    ) =>
        CiliumReleases
            .PairProblem(Version(cilium), System.Version.Parse(kubernetes), allowUntested)!
            .ShouldContain(reason);

    [Fact]
    public void An_untested_pair_is_taken_when_one_insists() =>
        CiliumReleases.PairProblem(Version("1.9.0"), new Version(1, 21, 14), allowUntested: true).ShouldBeNull();

    [Theory]
    [InlineData("1.12.0", "hostServices.enabled", "it was replaced by socketLB.enabled")]
    [InlineData("1.9.0", "socketLB.enabled", "it was replaced by hostServices.enabled")]
    [InlineData("1.16.0", "tunnel", "routingMode and tunnelProtocol")]
    [InlineData("1.9.0", "debug.enabeld", "did you mean debug.enabled?")]
    [InlineData("1.9.0", "hubble", "is a group of values")]
    [InlineData("1.20.0", "nodePort.enabled", "kubeProxyReplacement=true")]
    [InlineData("1.9.0", "surely.not.there", "no release has had it")]
    public void A_value_that_the_chart_does_not_know_is_an_error_with_advice(
        string release,
        string key,
        string advice
    ) => ChartValues.Published.Problem(Version(release), key)!.ShouldContain(advice);

    [Theory]
    [InlineData("1.9.0", "hostServices.enabled")]
    [InlineData("1.12.0", "socketLB.enabled")]
    [InlineData("1.9.0", "hubble.metrics.enabled[0]")]
    [InlineData("1.16.0", @"nodeSelector.kubernetes\.io/os")]
    [InlineData("1.16.0", "extraConfig.anything")]
    public void A_value_that_the_chart_knows_is_taken(string release, string key) =>
        ChartValues.Published.Problem(Version(release), key).ShouldBeNull();

    [Fact]
    public void Each_assignment_of_a_set_is_checked_and_commas_in_lists_and_behind_backslashes_are_none()
    {
        SetOption.Parts(@"a=1,b={x,y},c=1\,2").ShouldBe(["a=1", "b={x,y}", @"c=1\,2"]);
        SetOption
            .Problems(CiliumVersion.OriginalReport, ["debug.enabled=true,nonsense=1", "no-value"])
            .Count()
            .ShouldBe(2);
    }

    [Theory]
    [InlineData("latest", null)]
    [InlineData("v1.9.0", null)]
    [InlineData("1.9", "release of Cilium")]
    [InlineData("1.9.99", "of 1.9 it knows 1.9.0 to 1.9.18")]
    [InlineData("2.0.0", "it knows 1.9.0 to")]
    [InlineData("1.9.0; rm -rf", "release of Cilium")]
    public void A_release_is_read_strictly(string text, string? problem)
    {
        if (problem is null)
            CiliumReleases.Parse(text).Problem.ShouldBeNull();
        else
            CiliumReleases.Parse(text).Problem!.ShouldContain(problem);
    }

    [Theory]
    [InlineData("1.19.16", "0.16.0", 2, "upgrade kind")]
    [InlineData("1.19.16", "0.33.0", 1, "notes of kind 0.20")]
    [InlineData("1.36.4", "0.33.0", 1, "control groups version 1")]
    [InlineData("1.36.4", "0.31.0", 2, "upgrade kind")]
    [InlineData("1.19.16", "0.33.0", 2, null)]
    [InlineData("1.36.4", "0.33.0", null, null)]
    public void An_image_that_the_installed_kind_or_this_machine_cannot_run_is_refused(
        string kubernetes,
        string kind,
        int? cgroup,
        string? problem
    )
    {
        var found = KindNodeImage.Parse(kubernetes).Image!.Problem(System.Version.Parse(kind), cgroup);
        if (problem is null)
            found.ShouldBeNull();
        else
            found!.ShouldContain(problem);
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once()
    {
        var (plan, problems) = KindPlan.Make(
            new KindOptions
            {
                Name = "Bad_Name",
                Workers = 0,
                Kubernetes = "1.30",
                Sets = ["nonsense=1"],
                Image = null,
            }
        );
        plan.ShouldBeNull();
        problems.Length.ShouldBe(4);
        string.Join('\n', problems).ShouldContain("Bad_Name");
    }

    [Fact]
    public void Without_cilium_there_is_nothing_to_set_and_no_policy()
    {
        KindPlan
            .Make(
                new KindOptions
                {
                    Cilium = null,
                    Sets = ["debug.enabled=true"],
                    BackendCnp = true,
                }
            )
            .Problems.Length.ShouldBe(2);
        KindPlan.Make(new KindOptions { Cilium = null }).Plan!.Config.ToYaml().ShouldNotContain("disableDefaultCNI");
    }
}
