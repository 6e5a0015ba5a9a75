using System.Globalization;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;

namespace CiliumDebugging.EmbeddedCluster.Api.Printing;

/// <summary>The columns of <c>kubectl get</c> per kind, as a real server prints them.</summary>
internal static class KindColumns
{
    private const string None = "<none>";

    private static readonly TableColumn s_name = Text("Name", "metadata.name");
    private static readonly TableColumn s_age = new("Age", "string", 0, (o, now) =>
        Age(o.TextAt("metadata.creationTimestamp"), now)
    );

    public static IReadOnlyList<TableColumn> Default { get; } =
    [s_name, new("Created At", "date", 0, (o, _) => o.TextAt("metadata.creationTimestamp"))];

    public static IReadOnlyList<TableColumn> Namespace { get; } = [s_name, Text("Status", "status.phase"), s_age];

    public static IReadOnlyList<TableColumn> Node { get; } =
    [
        s_name,
        Cell("Status", NodeCells.Status),
        Cell("Roles", NodeCells.Roles),
        s_age,
        Text("Version", "status.nodeInfo.kubeletVersion"),
        Wide("Internal-IP", o => NodeCells.Address(o, "InternalIP")),
        Wide("External-IP", o => NodeCells.Address(o, "ExternalIP")),
        Wide("OS-Image", o => Known(o, "status.nodeInfo.osImage")),
        Wide("Kernel-Version", o => Known(o, "status.nodeInfo.kernelVersion")),
        Wide("Container-Runtime", o => Known(o, "status.nodeInfo.containerRuntimeVersion")),
    ];

    public static IReadOnlyList<TableColumn> Pod { get; } =
    [
        s_name,
        Cell("Ready", PodCells.Ready),
        Cell("Status", PodCells.Status),
        Cell("Restarts", PodCells.Restarts),
        s_age,
        Wide("IP", o => OrNone(o, "status.podIP")),
        Wide("Node", o => OrNone(o, "spec.nodeName")),
        Wide("Nominated Node", o => OrNone(o, "status.nominatedNodeName")),
        Wide("Readiness Gates", PodCells.ReadinessGates),
    ];

    public static IReadOnlyList<TableColumn> Service { get; } =
    [
        s_name,
        Text("Type", "spec.type"),
        Cell("Cluster-IP", o => OrNone(o, "spec.clusterIP")),
        Cell("External-IP", ServiceCells.ExternalAddress),
        Cell("Port(s)", o => List(o.Object("spec").Objects("ports").Select(ServicePort))),
        s_age,
        Wide("Selector", o => Labels(o, "spec.selector")),
    ];

    public static IReadOnlyList<TableColumn> Endpoints { get; } =
    [s_name, Cell("Endpoints", ServiceCells.Endpoints), s_age];

    public static IReadOnlyList<TableColumn> ServiceAccount { get; } =
    [s_name, Cell("Secrets", o => o.Objects("secrets").Count(), "integer"), s_age];

    public static IReadOnlyList<TableColumn> RoleBinding { get; } =
    [
        s_name,
        Cell("Role", o => $"{o.TextAt("roleRef.kind")}/{o.TextAt("roleRef.name")}"),
        s_age,
        Wide("Users", o => Subjects(o, "User")),
        Wide("Groups", o => Subjects(o, "Group")),
        Wide("ServiceAccounts", o => Subjects(o, "ServiceAccount")),
    ];

    public static IReadOnlyList<TableColumn> ConfigMap { get; } =
    [s_name, Cell("Data", o => Count(o.Object("data")) + Count(o.Object("binaryData")), "integer"), s_age];

    public static IReadOnlyList<TableColumn> Event { get; } =
    [
        new("Last Seen", "string", 0, (o, now) =>
            Age(o.Text("lastTimestamp") ?? o.Text("eventTime") ?? o.TextAt("metadata.creationTimestamp"), now)
        ),
        Text("Type", "type"),
        Text("Reason", "reason"),
        Cell("Object", o => o.TextAt("involvedObject.kind").ToLowerInvariant() + "/" + o.TextAt("involvedObject.name")),
        Wide("Source", o => o.TextAt("source.component")),
        Text("Message", "message"),
        Wide("Count", o => o.TextAt("count")),
        Wide("Name", o => o.TextAt("metadata.name")),
    ];

    public static IReadOnlyList<TableColumn> EndpointSlice { get; } =
    [
        s_name,
        Text("AddressType", "addressType"),
        Cell("Ports", o => List(o.Objects("ports").Select(p => p["port"] is null ? "*" : p.TextAt("port")), "<unset>")),
        Cell("Endpoints", o => List(o.Objects("endpoints").SelectMany(Addresses), "<unset>")),
        s_age,
    ];

    public static IReadOnlyList<TableColumn> NetworkPolicy { get; } =
    [s_name, Cell("Pod-Selector", o => Labels(o, "spec.podSelector.matchLabels")), s_age];

    public static IReadOnlyList<TableColumn> Deployment { get; } =
    [
        s_name,
        Cell("Ready", o => $"{Number(o, "status.readyReplicas")}/{Number(o, "spec.replicas")}"),
        Integer("Up-to-date", "status.updatedReplicas"),
        Integer("Available", "status.availableReplicas"),
        s_age,
        .. Template(),
    ];

    public static IReadOnlyList<TableColumn> ReplicaSet { get; } =
    [
        s_name,
        Integer("Desired", "spec.replicas"),
        Integer("Current", "status.replicas"),
        Integer("Ready", "status.readyReplicas"),
        s_age,
        .. Template(),
    ];

    public static IReadOnlyList<TableColumn> DaemonSet { get; } =
    [
        s_name,
        Integer("Desired", "status.desiredNumberScheduled"),
        Integer("Current", "status.currentNumberScheduled"),
        Integer("Ready", "status.numberReady"),
        Integer("Up-to-date", "status.updatedNumberScheduled"),
        Integer("Available", "status.numberAvailable"),
        Cell("Node Selector", o => Labels(o, "spec.template.spec.nodeSelector")),
        s_age,
        .. Template(),
    ];

    public static IReadOnlyList<TableColumn> Job { get; } =
    [
        s_name,
        Cell("Status", o => Conditions(o).LastOrDefault(c => c.Text("status") == "True")?.Text("type") ?? "Running"),
        Cell("Completions", o => $"{Number(o, "status.succeeded")}/{Number(o, "spec.completions")}"),
        new("Duration", "string", 0, Duration),
        s_age,
        .. Template(),
    ];

    public static IReadOnlyList<TableColumn> Lease { get; } = [s_name, Text("Holder", "spec.holderIdentity"), s_age];

    public static IReadOnlyList<TableColumn> CustomResourceDefinition => Default;

    public static IReadOnlyList<TableColumn> CiliumPolicy { get; } =
    [
        s_name,
        s_age,
        Cell("Valid", o => Conditions(o).FirstOrDefault(c => c.Text("type") == "Valid")?.Text("status") ?? ""),
    ];

    public static IReadOnlyList<TableColumn> CiliumEndpoint { get; } =
    [
        s_name,
        Text("Security Identity", "status.identity.id"),
        Text("Endpoint State", "status.state"),
        Cell("IPv4", o =>
            (o.At("status.networking") as JsonObject).Objects("addressing").FirstOrDefault()?.Text("ipv4") ?? ""
        ),
    ];

    /// <summary>A duration as kubectl shows it: two units at most, coarser as it grows.</summary>
    public static string HumanDuration(TimeSpan age)
    {
        static string Two(long big, string bigUnit, long small, string smallUnit) =>
            small == 0 ? $"{big}{bigUnit}" : $"{big}{bigUnit}{small}{smallUnit}";
        return age switch
        {
            { TotalSeconds: < 0 } => "0s",
            { TotalMinutes: < 2 } => $"{(long)age.TotalSeconds}s",
            { TotalMinutes: < 10 } => Two((long)age.TotalMinutes, "m", age.Seconds, "s"),
            { TotalHours: < 3 } => $"{(long)age.TotalMinutes}m",
            { TotalHours: < 8 } => Two((long)age.TotalHours, "h", age.Minutes, "m"),
            { TotalHours: < 48 } => $"{(long)age.TotalHours}h",
            { TotalDays: < 8 } => Two((long)age.TotalDays, "d", age.Hours, "h"),
            { TotalDays: < 730 } => $"{(long)age.TotalDays}d",
            _ => Two((long)age.TotalDays / 365, "y", (long)age.TotalDays % 365, "d"),
        };
    }

    /// <summary>How long a Job has been running, or ran.</summary>
    private static JsonNode Duration(JsonObject job, DateTimeOffset now)
    {
        if (!TryParse(job.TextAt("status.startTime"), out var start))
            return "";
        return HumanDuration((TryParse(job.TextAt("status.completionTime"), out var end) ? end : now) - start);

        static bool TryParse(string text, out DateTimeOffset time) =>
            DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out time);
    }

    private static string Age(string since, DateTimeOffset now) =>
        DateTimeOffset.TryParse(since, CultureInfo.InvariantCulture, out var time)
            ? HumanDuration(now - time)
            : "<unknown>";

    private static TableColumn Cell(string name, Func<JsonObject, JsonNode?> cell, string type = "string") =>
        new(name, type, 0, (o, _) => cell(o));

    private static TableColumn Wide(string name, Func<JsonObject, JsonNode?> cell) =>
        new(name, "string", 1, (o, _) => cell(o));

    private static TableColumn Text(string name, string path) => Cell(name, o => o.TextAt(path));

    private static TableColumn Integer(string name, string path) => Cell(name, o => Number(o, path), "integer");

    private static TableColumn[] Template() =>
        [
            Wide("Containers", o => List(Containers(o).Select(c => c.Text("name") ?? ""))),
            Wide("Images", o => List(Containers(o).Select(c => c.Text("image") ?? ""))),
            Wide("Selector", o => Labels(o, "spec.selector.matchLabels")),
        ];

    private static IEnumerable<JsonObject> Containers(JsonObject o) =>
        (o.At("spec.template.spec") as JsonObject).Objects("containers");

    private static IEnumerable<JsonObject> Conditions(JsonObject o) => o.Object("status").Objects("conditions");

    private static string Subjects(JsonObject binding, string kind) =>
        string.Join(
            ", ",
            binding
                .Objects("subjects")
                .Where(s => s.Text("kind") == kind)
                .Select(s => kind == "ServiceAccount" ? $"{s.Text("namespace")}/{s.Text("name")}" : s.Text("name"))
        );

    private static IEnumerable<string> Addresses(JsonObject endpoint) =>
        (endpoint["addresses"] as JsonArray)?.Select(a => a?.ToString() ?? "") ?? [];

    private static string ServicePort(JsonObject port)
    {
        var nodePort = port["nodePort"] is null ? "" : $":{port.TextAt("nodePort")}";
        return $"{port.TextAt("port")}{nodePort}/{port.Text("protocol") ?? "TCP"}";
    }

    private static long Number(JsonObject o, string path) => o.NumberAt(path) ?? 0;

    private static int Count(JsonObject? o) => o?.Count ?? 0;

    private static string OrNone(JsonObject o, string path) => o.TextAt(path) is { Length: > 0 } text ? text : None;

    private static string Known(JsonObject o, string path) =>
        o.TextAt(path) is { Length: > 0 } text ? text : "<unknown>";

    private static string List(IEnumerable<string> items, string empty = None)
    {
        var all = items.ToList();
        return all.Count == 0 ? empty : string.Join(',', all);
    }

    private static string Labels(JsonObject o, string path) =>
        List((o.At(path) as JsonObject ?? []).Select(l => $"{l.Key}={l.Value}"));
}
