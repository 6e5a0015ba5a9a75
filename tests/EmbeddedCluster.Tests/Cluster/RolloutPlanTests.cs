using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Workloads;
using CsCheck;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

public sealed class RolloutPlanTests
{
    [Theory]
    [InlineData(3, "25%", "25%", 1, 0)]
    [InlineData(10, "25%", "25%", 3, 2)]
    [InlineData(4, "0", "0", 0, 1)]
    [InlineData(5, "2", "100%", 2, 5)]
    public void Surge_is_rounded_up_and_unavailable_down_and_both_are_never_zero(
        int replicas,
        string surge,
        string unavailable,
        int expectedSurge,
        int expectedUnavailable
    )
    {
        var spec = Spec(replicas, surge, unavailable);
        (RolloutPlan.MaxSurge(spec), RolloutPlan.MaxUnavailable(spec)).ShouldBe((expectedSurge, expectedUnavailable));
    }

    /// <summary>
    /// Whatever becomes ready when: never more Pods than allowed, never fewer available ones than promised, and in the
    /// end the new template alone.
    /// </summary>
    [Fact]
    public void A_rolling_update_keeps_its_promises_and_ends() =>
        Gen.Select(Gen.Int[1, 12], Gen.Int[0, 100], Gen.Int[0, 100], Gen.Int[0, 1_000_000])
            .Sample(
                (replicas, surge, unavailable, seed) =>
                {
                    var random = new Random(seed);
                    var spec = Spec(replicas, $"{surge}%", $"{unavailable}%");
                    List<V1ReplicaSet> sets = [Set("old", replicas, replicas), Set("middle", 0, 0), Set("new", 0, 0)];
                    var (most, least) = (
                        replicas + RolloutPlan.MaxSurge(spec),
                        replicas - RolloutPlan.MaxUnavailable(spec)
                    );
                    for (var round = 0; round < 200 && sets[2].Status.AvailableReplicas < replicas; round++)
                    {
                        foreach (var (set, size) in RolloutPlan.Of(spec, sets[2], sets).ToList())
                        {
                            set.Spec.Replicas = size;
                            set.Status.AvailableReplicas = Math.Min(set.Status.AvailableReplicas!.Value, size);
                        }
                        sets.Sum(s => s.Spec.Replicas).ShouldNotBeNull().ShouldBeLessThanOrEqualTo(most);
                        sets.Sum(s => s.Status.AvailableReplicas).ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(least);
                        if (random.Next(2) == 0)
                            sets[2].Status.AvailableReplicas = Math.Min(
                                sets[2].Spec.Replicas!.Value,
                                sets[2].Status.AvailableReplicas!.Value + 1
                            );
                    }
                    foreach (var (set, size) in RolloutPlan.Of(spec, sets[2], sets).ToList())
                        set.Spec.Replicas = size;
                    sets.Select(s => s.Spec.Replicas).ShouldBe([0, 0, replicas]);
                },
                iter: 300
            );

    [Fact]
    public void Recreate_waits_until_no_old_pod_is_left()
    {
        var spec = Spec(3, "25%", "25%");
        spec.Strategy.Type = "Recreate";
        List<V1ReplicaSet> sets = [Set("old", 3, 3), Set("new", 0, 0)];
        RolloutPlan.Of(spec, sets[1], sets).Select(s => (s.Set.Metadata.Name, s.Replicas)).ShouldBe([("old", 0)]);
        sets[0].Spec.Replicas = 0;
        RolloutPlan.Of(spec, sets[1], sets).ShouldBeEmpty();
        sets[0].Status.Replicas = 0;
        RolloutPlan.Of(spec, sets[1], sets).Select(s => (s.Set.Metadata.Name, s.Replicas)).ShouldBe([("new", 3)]);
    }

    [Fact]
    public void The_hash_of_a_template_depends_on_its_content_alone()
    {
        static V1PodTemplateSpec Template(string image, params string[] labels) =>
            new()
            {
                Metadata = new V1ObjectMeta { Labels = labels.ToDictionary(l => l, l => l) },
                Spec = new V1PodSpec
                {
                    Containers =
                    [
                        new V1Container
                        {
                            Name = "c",
                            Image = image,
                            Resources = image == "go" ? new V1ResourceRequirements() : null,
                        },
                    ],
                },
            };
        PodTemplates.Hash(Template("a", "x", "y")).ShouldBe(PodTemplates.Hash(Template("a", "y", "x")));
        PodTemplates.Hash(Template("a", "x")).ShouldNotBe(PodTemplates.Hash(Template("b", "x")));
        var bare = Template("go");
        bare.Spec.Containers[0].Resources = null;
        PodTemplates.Hash(Template("go")).ShouldBe(PodTemplates.Hash(bare));
        PodTemplates.Hash(bare).ShouldMatch("^[4-9bcdf]{1,10}$");
    }

    private static V1DeploymentSpec Spec(int replicas, string surge, string unavailable) =>
        new()
        {
            Replicas = replicas,
            Strategy = new V1DeploymentStrategy
            {
                Type = "RollingUpdate",
                RollingUpdate = new V1RollingUpdateDeployment { MaxSurge = surge, MaxUnavailable = unavailable },
            },
        };

    private static V1ReplicaSet Set(string name, int replicas, int available) =>
        new()
        {
            Metadata = new V1ObjectMeta { Name = name },
            Spec = new V1ReplicaSetSpec { Replicas = replicas },
            Status = new V1ReplicaSetStatus { Replicas = replicas, AvailableReplicas = available },
        };
}
