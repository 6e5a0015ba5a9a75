using CiliumDebugging.Lab.Clusters;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Clusters;

/// <summary>A Pod that is not ready says why, in the words of the kubelet or the scheduler.</summary>
public class PodReasonsTests
{
    [Fact]
    public void A_Pod_that_cannot_be_scheduled_has_the_schedulers_words() =>
        PodReasons
            .Of(
                Pod(
                    new V1PodStatus
                    {
                        Phase = "Pending",
                        Conditions =
                        [
                            new V1PodCondition
                            {
                                Type = "PodScheduled",
                                Status = "False",
                                Reason = "Unschedulable",
                                Message = "0/3 nodes are available: 3 Insufficient cpu.",
                            },
                        ],
                    }
                )
            )
            .ShouldBe("Unschedulable: 0/3 nodes are available: 3 Insufficient cpu.");

    [Fact]
    public void An_image_that_cannot_be_pulled_is_named_and_a_container_that_is_being_created_is_no_reason()
    {
        PodReasons
            .Of(Pod(Waiting("ImagePullBackOff", "Back-off pulling image \"x/y:1\"")))
            .ShouldBe("ImagePullBackOff: Back-off pulling image \"x/y:1\"");
        PodReasons.Of(Pod(Waiting("ContainerCreating", null))).ShouldBeNull();
    }

    [Fact]
    public void One_who_waits_is_told_that_a_Pod_is_starting()
    {
        PodReasons
            .Describe([Pod(Waiting("ContainerCreating", null))])
            .ShouldEndWith(": is starting (ContainerCreating)");
        PodReasons.Describe([Pod(new V1PodStatus { Phase = "Pending" })]).ShouldEndWith(": is starting (Pending)");
    }

    [Fact]
    public void Of_many_Pods_the_first_are_named()
    {
        var pods = Enumerable.Range(0, 5).Select(i => Pod(Waiting("CrashLoopBackOff", null), $"p{i}"));
        PodReasons.Describe(pods, max: 2).ShouldBe("pod p0: CrashLoopBackOff; pod p1: CrashLoopBackOff; and 3 more");
    }

    [Fact]
    public void A_Pod_that_is_being_deleted_and_one_whose_process_ended_say_so()
    {
        var deleted = Pod(new V1PodStatus());
        deleted.Metadata.DeletionTimestamp = DateTime.UnixEpoch;
        PodReasons.Of(deleted).ShouldBe("is being deleted");
        PodReasons
            .Of(
                Pod(
                    Container(
                        new V1ContainerState
                        {
                            Terminated = new V1ContainerStateTerminated { ExitCode = 137, Reason = "OOMKilled" },
                        }
                    )
                )
            )
            .ShouldBe("container echo ended with exit code 137: OOMKilled");
    }

    private static V1Pod Pod(V1PodStatus status, string name = "p") =>
        new()
        {
            Metadata = new V1ObjectMeta { Name = name },
            Status = status,
        };

    private static V1PodStatus Waiting(string reason, string? message) =>
        Container(
            new V1ContainerState
            {
                Waiting = new V1ContainerStateWaiting { Message = message, Reason = reason },
            }
        );

    private static V1PodStatus Container(V1ContainerState state) =>
        new() { Phase = "Pending", ContainerStatuses = [new V1ContainerStatus { Name = "echo", State = state }] };
}
