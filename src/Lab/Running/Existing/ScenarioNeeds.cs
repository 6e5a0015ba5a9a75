using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.Lab.Running.Existing;

/// <summary>
/// Checks, before anything is created, that a cluster has what a scenario needs to show something: kinds, agents,
/// fields that its API server keeps, kube-proxy's mode, nodes, zones and rights.
/// </summary>
internal sealed class ScenarioNeeds(Kubernetes cluster, Scenario scenario)
{
    private const string ServiceProxyKey = "sandbox-service-proxy";

    /// <summary>kube-proxy's mode on Linux where nothing else is set.</summary>
    private const string DefaultProxyMode = "iptables";

    /// <summary>What is missing and what to do, one line each; empty when nothing is.</summary>
    /// <param name="workers">Nodes that workloads may run on.</param>
    /// <param name="createsWorkloads">Whether the run has to create namespaces and workloads.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<string>> MissingAsync(
        IReadOnlyList<V1Node> workers,
        bool createsWorkloads,
        CancellationToken cancellationToken
    )
    {
        List<string> missing = [];
        await AddKindsAsync(missing, cancellationToken);
        if (await AgentsAsync(cancellationToken) is { } agents)
            missing.Add(agents);
        if (await ProxyModeAsync(cancellationToken) is { } mode)
            missing.Add(mode);
        await AddDroppedFieldsAsync(missing, cancellationToken);
        if (createsWorkloads)
            missing.AddRange(Nodes(workers));
        await AddRightsAsync(missing, createsWorkloads, cancellationToken);
        return missing;
    }

    private async Task AddKindsAsync(List<string> missing, CancellationToken cancellationToken)
    {
        foreach (var kind in scenario.Policies().DistinctBy(p => (p.Group, p.Version, p.Plural)))
        {
            using var response = await cluster.SendAsync(
                HttpMethod.Get,
                $"apis/{kind.Group}/{kind.Version}/{kind.Plural}?limit=1",
                null,
                cancellationToken
            );
            if (response.StatusCode is HttpStatusCode.NotFound)
                missing.Add(
                    $"the cluster has no kind {kind.Model.Kind} ({kind.Group}/{kind.Version}): install Cilium, "
                        + "or make a cluster with it: up --kind"
                );
        }
        if (!scenario.Steps.Any(s => s is EndpointSliceStep))
            return;
        var slices = ChangedObjects.SliceOf(scenario.Load, "any").Collection;
        using var answer = await cluster.SendAsync(HttpMethod.Get, $"{slices}?limit=1", null, cancellationToken);
        if (answer.StatusCode is HttpStatusCode.NotFound)
            missing.Add(
                "the cluster has no kind EndpointSlice (discovery.k8s.io/v1): use a cluster with Kubernetes 1.21 or later"
            );
    }

    /// <summary>
    /// Cilium's policies are enforced, and its load balancer's memory is seen, only where its agents run.
    /// </summary>
    private async Task<string?> AgentsAsync(CancellationToken cancellationToken)
    {
        var why =
            scenario.Policies().Any(p => p.Group == "cilium.io") ? "its policies are enforced by Cilium"
            : scenario.Expect.Any(e => e.NewPodShare is ExpectedNewPodShare.StaleConntrack)
                ? "it is about Cilium's load balancer"
            : null;
        if (why is null || (await cluster.AgentsAsync(cancellationToken)).Count > 0)
            return null;
        return $"{why}, and the cluster runs no Cilium agents (pods with label k8s-app=cilium): install Cilium, "
            + "or make a cluster with it: up --kind";
    }

    /// <summary>
    /// A scenario about kube-proxy's mode needs that mode. A cluster that does not say it cannot be used, unless the
    /// mode is the default one.
    /// </summary>
    private async Task<string?> ProxyModeAsync(CancellationToken cancellationToken)
    {
        if (
            !scenario.Settings.TryGetValue(ServiceProxyKey, out var wanted)
            || wanted == "cilium"
            || await ClusterSettings.IsEmbeddedAsync(cluster, cancellationToken)
        )
            return null;
        var (mode, source) = await KubeProxyModeAsync(cancellationToken);
        if ((mode ?? DefaultProxyMode) == wanted)
            return null;
        return mode is null
            ? $"it needs kube-proxy in mode {wanted}, and the cluster does not say kube-proxy's mode "
                + "(ConfigMap kube-system/kube-proxy, and --proxy-mode of pods with label k8s-app=kube-proxy)"
            : $"it needs kube-proxy in mode {wanted}, and {source} says {mode}: change it there, restart kube-proxy";
    }

    private async Task<(string? Mode, string Source)> KubeProxyModeAsync(CancellationToken cancellationToken)
    {
        var map = await new ObjectClient(cluster).ReadAsync(
            ObjectReference.Of("ConfigMap", "v1", "configmaps", CiliumNames.SystemNamespace, "kube-proxy"),
            cancellationToken
        );
        if ($"{map?["data"]?["config.conf"]}" is { Length: > 0 } configuration)
            return (ModeIn(configuration) ?? DefaultProxyMode, "ConfigMap kube-system/kube-proxy");
        var pods = await cluster.CoreV1.ListNamespacedPodAsync(
            CiliumNames.SystemNamespace,
            labelSelector: "k8s-app=kube-proxy",
            cancellationToken: cancellationToken
        );
        if (pods.Items.FirstOrDefault() is not { } pod)
            return (null, "");
        const string Flag = "--proxy-mode=";
        var flag = pod
            .Spec.Containers.SelectMany(c => (c.Command ?? []).Concat(c.Args ?? []))
            .FirstOrDefault(a => a.StartsWith(Flag, StringComparison.Ordinal));
        return (flag is null ? null : flag[Flag.Length..], $"pod kube-system/{pod.Name()}");
    }

    /// <summary>The mode in a KubeProxyConfiguration; null when it is empty: the default.</summary>
    internal static string? ModeIn(string configuration) =>
        configuration
            .Split('\n')
            .Where(line => line.StartsWith("mode:", StringComparison.Ordinal))
            .Select(line => line["mode:".Length..].Trim().Trim('"', '\''))
            .FirstOrDefault(mode => mode.Length > 0);

    /// <summary>An API server drops fields that it does not know without a word: a dry run shows which.</summary>
    private async Task AddDroppedFieldsAsync(List<string> missing, CancellationToken cancellationToken)
    {
        foreach (var step in scenario.Steps.OfType<ServiceStep>())
        {
            var spec = JsonSerializer.SerializeToNode(ClusterChanges.SpecOf(step))!.AsObject();
            if (await KeptAsync(spec, cancellationToken) is not { } kept)
                continue;
            var version = await ClusterFacts.ServerVersionAsync(cluster, cancellationToken) ?? "of unknown version";
            foreach (var (field, _) in spec.Where(f => f.Value is not null && kept[f.Key] is null))
                missing.Add(
                    $"the API server ({version}) does not know spec.{field} of a Service "
                        + "and drops it: use a cluster with a newer Kubernetes"
                );
        }
    }

    /// <returns>The spec as the server would store it; null when it does not answer that.</returns>
    private async Task<JsonObject?> KeptAsync(JsonObject spec, CancellationToken cancellationToken)
    {
        var service = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Service",
            ["metadata"] = new JsonObject { ["generateName"] = "cilium-debugging-" },
            ["spec"] = spec.DeepClone(),
        };
        service["spec"]!["ports"] = new JsonArray(new JsonObject { ["port"] = scenario.Load.Url.Port });
        var body = new StringContent(service.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        using var response = await cluster.SendAsync(
            HttpMethod.Post,
            "api/v1/namespaces/default/services?dryRun=All",
            body,
            cancellationToken
        );
        if (!response.IsSuccessStatusCode)
            return null;
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))?["spec"] as JsonObject;
    }

    private IEnumerable<string> Nodes(IReadOnlyList<V1Node> workers)
    {
        var topology = scenario.Topology;
        if (workers.Count < topology.Workers)
            yield return $"it needs {topology.Workers} nodes that workloads may run on, and the cluster has "
                + $"{workers.Count}: add nodes, or make a cluster with them: up --kind --workers {topology.Workers}";
        var zones = workers.Select(n => n.GetLabel(ServiceReader.ZoneLabel)).Where(z => z is not null).Distinct();
        var needed = topology.Zones.Distinct(StringComparer.Ordinal).Count();
        if (zones.Count() < needed)
            yield return $"it needs nodes in {needed} zones, and the cluster's are in {zones.Count()}: "
                + $"kubectl label node NAME {ServiceReader.ZoneLabel}=ZONE";
    }

    private async Task AddRightsAsync(List<string> missing, bool createsWorkloads, CancellationToken cancellationToken)
    {
        var load = scenario.Load;
        List<(string Verb, string Resource, string? Namespace, string? Group)> rights =
        [
            ("create", "pods/proxy", null, null),
        ];
        if (createsWorkloads)
            rights.AddRange([("create", "namespaces", null, null), ("create", "deployments", load.Namespace, "apps")]);
        foreach (var policy in scenario.Policies().DistinctBy(p => (p.Plural, p.Model.Namespace)))
        foreach (var verb in (string[])["create", "patch", "delete"])
            rights.Add((verb, policy.Plural, policy.Model.Namespace, policy.Group));
        if (scenario.Steps.Any(s => s is ServiceStep))
            rights.Add(("patch", "services", load.Namespace, null));
        if (scenario.Steps.Any(s => s is EndpointSliceStep))
            foreach (var verb in (string[])["create", "patch", "delete"])
                rights.Add((verb, "endpointslices", load.Namespace, "discovery.k8s.io"));
        if (scenario.Steps.Any(s => s is ScaleStep or RolloutStep))
            rights.Add(("patch", "deployments", load.Namespace, "apps"));
        if (scenario.Steps.Any(s => s is DeletePodStep))
            rights.Add(("delete", "pods", load.Namespace, null));
        foreach (var (verb, resource, ns, group) in rights)
        {
            var parts = resource.Split('/');
            var refusal = await ClusterRights.ReviewAsync(
                cluster,
                new V1ResourceAttributes
                {
                    Verb = verb,
                    Resource = parts[0],
                    Subresource = parts.Length > 1 ? parts[1] : null,
                    NamespaceProperty = string.IsNullOrEmpty(ns) ? null : ns,
                    Group = group,
                },
                cancellationToken
            );
            if (refusal is not null)
                missing.Add($"{refusal}: ask for that right, or use another context");
        }
    }
}
