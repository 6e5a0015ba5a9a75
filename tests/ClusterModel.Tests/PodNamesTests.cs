using k8s.Models;

namespace CiliumDebugging.ClusterModel.Tests;

public sealed class PodNamesTests
{
    [Theory]
    [InlineData("backend-1-5978fcd57b-c62sb", "ReplicaSet", "backend-1-5978fcd57b", "5978fcd57b", "backend-1", "c62sb")]
    [InlineData("plain-c62sb", "ReplicaSet", "plain", null, "plain", "c62sb")]
    [InlineData("cilium-x7k2p", "DaemonSet", "cilium", null, "cilium", "x7k2p")]
    [InlineData("attack-3-0-x7k2p", "Job", "attack-3", null, "attack-3", "0-x7k2p")]
    [InlineData("db-0", "StatefulSet", "db", null, "db", "0")]
    [InlineData("adopted", "ReplicaSet", "backend-1-5978fcd57b", "5978fcd57b", "backend-1", "adopted")]
    [InlineData("alone", null, null, null, "alone", "alone")]
    public void A_pod_is_an_instance_of_its_workload(
        string name,
        string? kind,
        string? owner,
        string? hash,
        string workload,
        string shortName
    )
    {
        var pod = new V1Pod
        {
            Metadata = new V1ObjectMeta { Name = name, Labels = new Dictionary<string, string>() },
        };
        if (kind is not null)
            pod.Metadata.OwnerReferences =
            [
                new V1OwnerReference
                {
                    Kind = kind,
                    Name = owner,
                    Controller = true,
                },
            ];
        if (hash is not null)
            pod.Metadata.Labels["pod-template-hash"] = hash;

        PodNames.WorkloadOf(pod).ShouldBe(workload);
        PodNames.ShortNameOf(pod).ShouldBe(shortName);
    }

    [Theory]
    [InlineData("backend-1-5978fcd57b-c62sb", "backend-1", "c62sb")]
    [InlineData("load-test-1-mx8fb5rhbd-btldv", "load-test-1", "btldv")]
    [InlineData("cilium-x7k2p", "cilium", "x7k2p")]
    [InlineData("backend-2-x7k2p", "backend-2", "x7k2p")]
    [InlineData("db-0", "db", "0")]
    [InlineData("my-pod", "my-pod", "my-pod")]
    [InlineData("pod", "pod", "pod")]
    public void A_name_alone_says_as_much(string name, string workload, string shortName) =>
        PodNames.Split(name).ShouldBe((workload, shortName));
}
