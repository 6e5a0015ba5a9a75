using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using k8s;

namespace CiliumDebugging.Lab.Control;

/// <summary>A command that changes the cluster.</summary>
/// <param name="Step">The same as a step of a scenario.</param>
/// <param name="Done">What to answer when it is done.</param>
internal sealed record ClusterCommand(ScenarioStep Step, string Done)
{
    /// <summary>From a command.</summary>
    /// <param name="command">Apply or remove a policy, or delete a Pod.</param>
    /// <param name="scenario">The current scenario.</param>
    /// <param name="pods">The backend Pods.</param>
    /// <exception cref="CommandRefusedException">The target does not exist.</exception>
    public static ClusterCommand Of(PageCommand command, Scenario scenario, ImmutableArray<BackendPod> pods)
    {
        var target = command.Target;
        switch (command.Action)
        {
            case PageAction.ApplyPolicy:
                return new(new ApplyStep(target, PoliciesOf(target, scenario)), $"{target} was applied");
            case PageAction.RemovePolicy:
                return new(new DeleteStep(target, PoliciesOf(target, scenario)), $"{target} was deleted");
            case PageAction.DeletePod:
                var pod = PodOf(target, pods);
                return new(new DeletePodStep(PodPlace.Any, pod), $"pod {pod} was deleted");
            default:
                throw new ArgumentOutOfRangeException(nameof(command), command.Action, "it changes no object");
        }
    }

    /// <summary>Carries it out on a cluster without a run.</summary>
    public Task RunAsync(Kubernetes cluster, Scenario scenario, CancellationToken cancellationToken) =>
        Step is DeletePodStep { Pod: { } pod }
            ? cluster.CoreV1.DeleteNamespacedPodAsync(
                pod,
                scenario.Load.Namespace,
                cancellationToken: cancellationToken
            )
            : new ClusterChanges(cluster).ChangePoliciesAsync(Step, cancellationToken);

    private static ImmutableArray<PolicyManifest> PoliciesOf(string file, Scenario scenario)
    {
        var files = scenario.PolicyFiles();
        if (files.FirstOrDefault(f => f.File == file).Policies is { IsDefaultOrEmpty: false } policies)
            return policies;
        var known = files.Count > 0 ? string.Join(", ", files.Select(f => f.File)) : "none";
        throw new CommandRefusedException($"scenario {scenario.Name} has no policy file '{file}': it has {known}");
    }

    private static string PodOf(string target, ImmutableArray<BackendPod> pods) =>
        pods.FirstOrDefault(p => p.HubbleName == target)?.Name
        ?? throw new CommandRefusedException(
            $"there is no backend pod '{target}': choose one of {string.Join(", ", pods.Select(p => p.HubbleName))}"
        );
}
