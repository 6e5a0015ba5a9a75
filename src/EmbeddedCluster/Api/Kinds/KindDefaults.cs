using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;

namespace CiliumDebugging.EmbeddedCluster.Api.Kinds;

/// <summary>
/// What a real server fills in, as far as the lab and kubectl show it. Every function tolerates objects of any shape.
/// </summary>
internal static class KindDefaults
{
    public static void Namespace(JsonObject o)
    {
        Default(o.Ensure("status"), "phase", "Active");
        var metadata = o.Ensure("metadata");
        if (metadata.Text("name") is { Length: > 0 } name)
            metadata.Ensure("labels")["kubernetes.io/metadata.name"] = name;
        o.Ensure("spec")["finalizers"] ??= new JsonArray("kubernetes");
    }

    public static void Pod(JsonObject o)
    {
        if (o.Object("spec") is { } spec)
        {
            PodSpec(spec);
            RunnablePod(spec);
        }
        if (o["status"] is not (null or JsonObject))
            return;
        var status = o.Ensure("status");
        Default(status, "phase", "Pending");
        Default(status, "qosClass", QualityOfService(o.Object("spec")));
    }

    /// <summary>
    /// What a Pod has and a template has not: the account, the priority, and how long it stays on a node that is gone.
    /// </summary>
    private static void RunnablePod(JsonObject spec)
    {
        Default(spec, "enableServiceLinks", true);
        Default(spec, "serviceAccountName", spec.Text("serviceAccount") ?? "default");
        Default(spec, "serviceAccount", spec.Text("serviceAccountName"));
        Default(spec, "priority", 0);
        Default(spec, "preemptionPolicy", "PreemptLowerPriority");
        foreach (var container in spec.Objects("containers").Concat(spec.Objects("initContainers")))
        foreach (var (name, limit) in container.Object("resources")?.Object("limits") ?? [])
            container.Ensure("resources").Ensure("requests")[name] ??= limit?.DeepClone();
        if (spec["tolerations"] is not (null or JsonArray))
            return;
        foreach (var taint in (ReadOnlySpan<string>)["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"])
        {
            var tolerated = spec.Objects("tolerations")
                .Any(t =>
                    (t.Text("key") is null or "" || t.Text("key") == taint)
                    && t.Text("effect") is null or "" or "NoExecute"
                );
            if (!tolerated)
                (spec["tolerations"] ??= new JsonArray())
                    .AsArray()
                    .Add(
                        (JsonNode)
                            Json.Object(
                                ("key", taint),
                                ("operator", "Exists"),
                                ("effect", "NoExecute"),
                                ("tolerationSeconds", 300)
                            )
                    );
        }
    }

    private static string QualityOfService(JsonObject? spec)
    {
        var resources = spec.Objects("containers").Select(c => c.Object("resources")).ToList();
        if (
            resources.All(r =>
                r?.Object("requests") is null or { Count: 0 } && r?.Object("limits") is null or { Count: 0 }
            )
        )
            return "BestEffort";
        var isGuaranteed = resources.All(r =>
            r?.Object("limits") is { } limits
            && limits["cpu"] is not null
            && limits["memory"] is not null
            && JsonNode.DeepEquals(limits, r["requests"])
        );
        return isGuaranteed ? "Guaranteed" : "Burstable";
    }

    public static void Service(JsonObject o)
    {
        if (o.Object("spec") is not { } spec)
            return;
        Default(spec, "type", "ClusterIP");
        Default(spec, "sessionAffinity", "None");
        if (spec.Text("sessionAffinity") == "ClientIP" && spec["sessionAffinityConfig"] is null or JsonObject)
            Affinity(spec.Ensure("sessionAffinityConfig"));
        else if (spec.Text("sessionAffinity") == "None")
            spec.Remove("sessionAffinityConfig");
        if (spec.Text("type") is "ClusterIP" or "NodePort" or "LoadBalancer")
            Default(spec, "internalTrafficPolicy", "Cluster");
        if (spec.Text("type") is "LoadBalancer")
            Default(spec, "allocateLoadBalancerNodePorts", true);
        foreach (var port in spec.Objects("ports"))
        {
            Default(port, "protocol", "TCP");
            if (port["targetPort"] is null || port["targetPort"]!.ToString() is "0" or "")
                port.Remove("targetPort");
            if (port["targetPort"] is null && port["port"] is { } number)
                port["targetPort"] = number.DeepClone();
        }
        o["status"] ??= new JsonObject { ["loadBalancer"] = new JsonObject() };
    }

    /// <summary>A port without a name has the empty one: kubectl describe reads it without a question.</summary>
    public static void EndpointSlice(JsonObject o)
    {
        foreach (var port in o.Objects("ports"))
        {
            Default(port, "name", "");
            Default(port, "protocol", "TCP");
        }
    }

    private static void Affinity(JsonObject config)
    {
        if (config["clientIP"] is null or JsonObject)
            Default(config.Ensure("clientIP"), "timeoutSeconds", 10_800);
    }

    /// <summary>
    /// Without policyTypes a policy is about ingress, and about egress when it has rules for it; kubectl describe goes
    /// by the field.
    /// </summary>
    public static void NetworkPolicy(JsonObject o)
    {
        if (o.Object("spec") is not { } spec)
            return;
        if (spec["policyTypes"] is null or JsonArray { Count: 0 })
            spec["policyTypes"] = spec["egress"] is JsonArray { Count: > 0 }
                ? new JsonArray("Ingress", "Egress")
                : new JsonArray("Ingress");
        var rules = spec.Objects("ingress").Concat(spec.Objects("egress"));
        foreach (var port in rules.SelectMany(rule => rule.Objects("ports")))
            Default(port, "protocol", "TCP");
    }

    public static void Deployment(JsonObject o)
    {
        ReplicaSet(o);
        var spec = o.Ensure("spec");
        Default(spec, "revisionHistoryLimit", 10);
        Default(spec, "progressDeadlineSeconds", 600);
        RollingUpdate(spec, "strategy", maxUnavailable: "25%", maxSurge: "25%");
        OmitZeros(o, "replicas updatedReplicas readyReplicas availableReplicas unavailableReplicas");
    }

    public static void ReplicaSet(JsonObject o)
    {
        Default(o.Ensure("spec"), "replicas", 1);
        Template(o);
        OmitZeros(o, "fullyLabeledReplicas readyReplicas availableReplicas");
    }

    public static void DaemonSet(JsonObject o)
    {
        Template(o);
        var spec = o.Ensure("spec");
        Default(spec, "revisionHistoryLimit", 10);
        RollingUpdate(spec, "updateStrategy", maxUnavailable: 1, maxSurge: 0);
        OmitZeros(o, "updatedNumberScheduled numberAvailable numberUnavailable");
    }

    /// <summary>Counts that a real server leaves out of the status when they are 0.</summary>
    private static void OmitZeros(JsonObject o, string counts)
    {
        foreach (var count in counts.Split(' '))
            if (o.Object("status")?.NumberAt(count) is 0)
                o.Object("status")!.Remove(count);
    }

    private static void RollingUpdate(JsonObject spec, string name, JsonNode maxUnavailable, JsonNode maxSurge)
    {
        if (spec[name] is not (null or JsonObject))
            return;
        var strategy = spec.Ensure(name);
        Default(strategy, "type", "RollingUpdate");
        if (strategy.Text("type") != "RollingUpdate" || strategy["rollingUpdate"] is not (null or JsonObject))
            return;
        var limits = strategy.Ensure("rollingUpdate");
        Default(limits, "maxUnavailable", maxUnavailable);
        Default(limits, "maxSurge", maxSurge);
    }

    private static void Template(JsonObject o)
    {
        if (o.Object("spec")?.Object("template")?.Object("spec") is { } pod)
            PodSpec(pod);
    }

    public static void Job(JsonObject o)
    {
        if (o["spec"] is not (null or JsonObject))
            return;
        OmitZeros(o, "active succeeded failed");
        var spec = o.Ensure("spec");
        if (spec["completions"] is null && spec["parallelism"] is null)
            Default(spec, "completions", 1);
        Default(spec, "parallelism", 1);
        Default(spec, "backoffLimit", 6);
        Default(spec, "completionMode", "NonIndexed");
        Default(spec, "suspend", false);
        if (spec["template"] is not (null or JsonObject))
            return;
        var template = spec.Ensure("template");
        if (template.Object("spec") is { } pod)
            PodSpec(pod);

        // A Job finds its Pods by labels that it alone has.
        const string Uid = "batch.kubernetes.io/controller-uid";
        if (
            o.TextAt("metadata.uid") is not { Length: > 0 } uid
            || template["metadata"] is not (null or JsonObject)
            || template.At("metadata.labels") is not (null or JsonObject)
        )
            return;
        var labels = template.Ensure("metadata").Ensure("labels");
        Default(labels, Uid, uid);
        Default(labels, "controller-uid", uid);
        Default(labels, "job-name", o.TextAt("metadata.name"));
        Default(labels, "batch.kubernetes.io/job-name", o.TextAt("metadata.name"));
        if (spec["manualSelector"]?.ToString() != "true" && spec.At("selector.matchLabels") is null or JsonObject)
            spec.Ensure("selector").Ensure("matchLabels")[Uid] = uid;
    }

    private static void PodSpec(JsonObject spec)
    {
        Default(spec, "restartPolicy", "Always");
        Default(spec, "dnsPolicy", "ClusterFirst");
        Default(spec, "schedulerName", "default-scheduler");
        Default(spec, "securityContext", new JsonObject());
        Default(spec, "terminationGracePeriodSeconds", 30);
        foreach (var container in spec.Objects("containers").Concat(spec.Objects("initContainers")))
            Container(container);
    }

    private static void Container(JsonObject container)
    {
        if (container.Text("image") is { Length: > 0 } image)
            Default(container, "imagePullPolicy", PullPolicy(image));
        Default(container, "resources", new JsonObject());
        Default(container, "terminationMessagePath", "/dev/termination-log");
        Default(container, "terminationMessagePolicy", "File");
        foreach (var port in container.Objects("ports"))
            Default(port, "protocol", "TCP");
        foreach (var field in container.Objects("env").Select(e => e.Object("valueFrom")?.Object("fieldRef")))
            if (field is not null)
                Default(field, "apiVersion", "v1");
        foreach (var name in (ReadOnlySpan<string>)["livenessProbe", "readinessProbe", "startupProbe"])
            if (container.Object(name) is { } probe)
                Probe(probe);
    }

    private static void Probe(JsonObject probe)
    {
        NumberDefault(probe, "timeoutSeconds", 1);
        NumberDefault(probe, "periodSeconds", 10);
        NumberDefault(probe, "successThreshold", 1);
        NumberDefault(probe, "failureThreshold", 3);
        if (probe.Object("httpGet") is not { } http)
            return;
        Default(http, "path", "/");
        Default(http, "scheme", "HTTP");
    }

    /// <summary>An image that its tag or digest pins is pulled once, any other each time.</summary>
    private static string PullPolicy(string image) =>
        ContainerImage.Parse(image) is { Digest: null, Tag: null or "latest" } ? "Always" : "IfNotPresent";

    private static void Default(JsonObject o, string name, JsonNode? value) => o[name] ??= value;

    /// <summary>Where 0 means the default.</summary>
    private static void NumberDefault(JsonObject o, string name, int value)
    {
        if (o[name] is null || o.NumberAt(name) == 0)
            o[name] = value;
    }
}
