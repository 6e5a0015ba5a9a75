using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;

namespace CiliumDebugging.EmbeddedCluster.Api.Printing;

/// <summary>Cells of pods that are more than a field.</summary>
internal static class PodCells
{
    public static JsonNode Ready(JsonObject pod) =>
        $"{Statuses(pod).Count(s => s.TextAt("ready") == "true")}/{pod.Object("spec").Objects("containers").Count()}";

    /// <summary>
    /// The most telling of: being deleted, why a container waits or ended, the pod's reason, its phase.
    /// </summary>
    public static JsonNode Status(JsonObject pod)
    {
        if (pod.At("metadata.deletionTimestamp") is not null)
            return "Terminating";
        foreach (var status in Statuses(pod))
        {
            foreach (var path in (ReadOnlySpan<string>)["state.waiting.reason", "state.terminated.reason"])
                if (status.TextAt(path) is { Length: > 0 } why)
                    return why;
        }
        return pod.TextAt("status.reason") is { Length: > 0 } reason ? reason : pod.TextAt("status.phase");
    }

    public static JsonNode Restarts(JsonObject pod) => $"{Statuses(pod).Sum(s => s.NumberAt("restartCount") ?? 0)}";

    public static JsonNode ReadinessGates(JsonObject pod)
    {
        var gates = pod.Object("spec").Objects("readinessGates").Select(g => g.Text("conditionType")).ToList();
        var met = pod.Object("status")
            .Objects("conditions")
            .Count(c => c.Text("status") == "True" && gates.Contains(c.Text("type")));
        return gates.Count == 0 ? "<none>" : $"{met}/{gates.Count}";
    }

    private static IEnumerable<JsonObject> Statuses(JsonObject pod) =>
        pod.Object("status").Objects("containerStatuses");
}

/// <summary>Cells of nodes that are more than a field.</summary>
internal static class NodeCells
{
    private const string RolePrefix = "node-role.kubernetes.io/";

    public static JsonNode Status(JsonObject node)
    {
        var ready = node.Object("status")
            .Objects("conditions")
            .FirstOrDefault(c => c.Text("type") == "Ready")
            ?.Text("status");
        var known = ready == "True" ? "Ready" : "NotReady";
        var text = ready is null ? "Unknown" : known;
        return node.TextAt("spec.unschedulable") == "true" ? text + ",SchedulingDisabled" : text;
    }

    public static JsonNode Roles(JsonObject node)
    {
        var labels = node.At("metadata.labels") as JsonObject ?? [];
        var roles = labels
            .Where(l => l.Key.StartsWith(RolePrefix, StringComparison.Ordinal))
            .Select(l => l.Key[RolePrefix.Length..])
            .Order(StringComparer.Ordinal)
            .ToList();
        return roles.Count == 0 ? "<none>" : string.Join(',', roles);
    }

    public static JsonNode Address(JsonObject node, string type) =>
        node.Object("status").Objects("addresses").FirstOrDefault(a => a.Text("type") == type)?.Text("address")
        ?? "<none>";
}

/// <summary>Cells of Services and their endpoints that are more than a field.</summary>
internal static class ServiceCells
{
    private const string None = "<none>";
    private const int MaxEndpoints = 3;

    /// <summary>
    /// Where a Service is reached from outside; of type LoadBalancer it is pending until something gives it an address.
    /// </summary>
    public static JsonNode ExternalAddress(JsonObject service)
    {
        var given = (service.Object("spec")?["externalIPs"] as JsonArray ?? []).Select(a => a?.ToString() ?? "");
        var balancers = (service.At("status.loadBalancer") as JsonObject)
            .Objects("ingress")
            .Select(i => i.Text("ip") ?? i.Text("hostname") ?? "");
        return service.TextAt("spec.type") switch
        {
            "ExternalName" => service.TextAt("spec.externalName"),
            "LoadBalancer" => Joined(balancers.Concat(given), "<pending>"),
            _ => Joined(given, None),
        };
    }

    /// <summary>The first three addresses with their ports, and how many more there are.</summary>
    public static JsonNode Endpoints(JsonObject endpoints)
    {
        var all = endpoints
            .Objects("subsets")
            .SelectMany(
                s => s.Objects("ports").Select(p => p.TextAt("port")).DefaultIfEmpty(""),
                (s, port) => s.Objects("addresses").Select(a => (a.Text("ip") + ":" + port).TrimEnd(':'))
            )
            .SelectMany(a => a)
            .ToList();
        var more = all.Count > MaxEndpoints ? $" + {all.Count - MaxEndpoints} more..." : "";
        return Joined(all.Take(MaxEndpoints), None) + more;
    }

    private static string Joined(IEnumerable<string> items, string empty) =>
        string.Join(',', items) is { Length: > 0 } text ? text : empty;
}
