using k8s;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>Waits until all nodes are ready and, with Cilium, an agent runs on each.</summary>
internal sealed class WaitForNodes(KindLab lab) : WaitingStep(lab, "the nodes are not ready")
{
    private readonly int _nodes = lab.Plan.Config.Nodes.Length;

    public override string Title => $"wait until the {_nodes} nodes are ready";

    public override IEnumerable<string> Plan()
    {
        var agents = Lab.Plan.Options.Cilium is null ? "" : ", DaemonSet kube-system/cilium ready on each";
        yield return $"# through the API, at most {Limit.TotalMinutes:0} min: {_nodes} nodes Ready{agents}";
    }

    protected override async Task<string> MissingAsync(CancellationToken cancellationToken)
    {
        using var api = Lab.Connect();
        var nodes = await api.CoreV1.ListNodeAsync(cancellationToken: cancellationToken);
        var ready = nodes.Items.Count(n =>
            n.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true
        );
        if (ready < _nodes)
            return $"{ready} of {_nodes} nodes are ready";
        if (Lab.Plan.Options.Cilium is null)
            return "";
        var agents = await api.AppsV1.ListNamespacedDaemonSetAsync(
            "kube-system",
            labelSelector: "k8s-app=cilium",
            cancellationToken: cancellationToken
        );
        var status = agents.Items.FirstOrDefault()?.Status;
        if (status is null)
            return "there is no DaemonSet of Cilium's agents yet";
        var isReady = status.NumberReady >= _nodes && status.UpdatedNumberScheduled >= status.DesiredNumberScheduled;
        return isReady ? "" : $"{status.NumberReady} of {_nodes} agents of Cilium are ready";
    }
}
