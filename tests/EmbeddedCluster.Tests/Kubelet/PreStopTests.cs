using CiliumDebugging.EmbeddedCluster.Kubelet;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Tests.Kubelet;

public class PreStopTests
{
    [Theory]
    [InlineData(5, 30, 5, 25)]
    [InlineData(5, 6, 5, 2)] // a kubelet leaves the program two seconds at least
    [InlineData(60, 30, 30, 2)] // the grace period begins with the hook
    public void A_pod_serves_while_its_hook_sleeps_and_ends_in_what_is_left_of_its_grace_period(
        int sleep,
        int grace,
        int hook,
        int left
    )
    {
        var wanted = (TimeSpan.FromSeconds(hook), TimeSpan.FromSeconds(left));
        var pod = Pod(new V1LifecycleHandler { Sleep = new V1SleepAction { Seconds = sleep } });
        PreStop.Of(pod, TimeSpan.FromSeconds(grace)).ShouldBe(wanted);
        foreach (
            var command in (string[][])
                [
                    ["sleep", $"{sleep}"],
                    ["/bin/sh", "-c", $"sleep {sleep}"],
                ]
        )
        {
            var exec = Pod(new V1LifecycleHandler { Exec = new V1ExecAction { Command = command } });
            PreStop.Of(exec, TimeSpan.FromSeconds(grace)).ShouldBe(wanted);
            PreStop.Refused(exec).ShouldBeNull();
        }
    }

    [Fact]
    public void A_pod_without_a_hook_ends_at_once_and_another_command_is_named()
    {
        var grace = TimeSpan.FromSeconds(30);
        PreStop.Of(Pod(null), grace).ShouldBe((TimeSpan.Zero, grace));
        PreStop.Refused(Pod(null)).ShouldBeNull();
        var drain = Pod(new V1LifecycleHandler { Exec = new V1ExecAction { Command = ["/app/drain", "--all"] } });
        PreStop.Of(drain, grace).ShouldBe((TimeSpan.Zero, grace));
        PreStop.Refused(drain).ShouldNotBeNull().ShouldContain("lifecycle.preStop.sleep");
    }

    private static V1Pod Pod(V1LifecycleHandler? hook) =>
        new()
        {
            Spec = new V1PodSpec
            {
                Containers =
                [
                    new V1Container
                    {
                        Name = "c",
                        Lifecycle = new V1Lifecycle { PreStop = hook },
                    },
                ],
            },
        };
}
