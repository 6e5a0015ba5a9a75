using System.Text.Json;
using System.Text.Json.Nodes;
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
    }

    public static void Pod(JsonObject o)
    {
        if (o["status"] is null or JsonObject)
            Default(o.Ensure("status"), "phase", "Pending");
        if (o.Object("spec") is { } spec)
            PodSpec(spec, "Always");
    }

    public static void Service(JsonObject o)
    {
        if (o.Object("spec") is not { } spec)
            return;
        Default(spec, "type", "ClusterIP");
        Default(spec, "sessionAffinity", "None");
        foreach (var port in spec.Objects("ports"))
        {
            Default(port, "protocol", "TCP");
            if (port["targetPort"] is null && port["port"] is { } number)
                port["targetPort"] = number.DeepClone();
        }
        o["status"] ??= new JsonObject { ["loadBalancer"] = new JsonObject() };
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
        Replicas(o);
        if (o.Object("spec") is not { } spec)
            return;
        Default(spec, "revisionHistoryLimit", 10);
        Default(spec, "progressDeadlineSeconds", 600);
        spec["strategy"] ??= RollingUpdate(maxUnavailable: "25%", maxSurge: "25%");
    }

    public static void Replicas(JsonObject o)
    {
        if (o.Object("spec") is { } spec)
            Default(spec, "replicas", 1);
        Template(o);
    }

    public static void DaemonSet(JsonObject o)
    {
        Template(o);
        if (o.Object("spec") is not { } spec)
            return;
        Default(spec, "revisionHistoryLimit", 10);
        spec["updateStrategy"] ??= RollingUpdate(maxUnavailable: 1, maxSurge: 0);
    }

    private static JsonObject RollingUpdate(JsonNode maxUnavailable, JsonNode maxSurge)
    {
        var limits = new JsonObject { ["maxUnavailable"] = maxUnavailable, ["maxSurge"] = maxSurge };
        return new JsonObject { ["type"] = "RollingUpdate", ["rollingUpdate"] = limits };
    }

    private static void Template(JsonObject o)
    {
        if (o.Object("spec")?.Object("template")?.Object("spec") is { } pod)
            PodSpec(pod, "Always");
    }

    public static void Job(JsonObject o)
    {
        if (o.Object("spec") is not { } spec)
            return;
        Default(spec, "completions", 1);
        Default(spec, "parallelism", 1);
        Default(spec, "backoffLimit", 6);
        Default(spec, "completionMode", "NonIndexed");
        Default(spec, "suspend", false);
        if (spec["template"] is not (null or JsonObject))
            return;
        var template = spec.Ensure("template");
        if (template.Object("spec") is { } pod)
            PodSpec(pod, "Never");

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
        spec["selector"] ??= new JsonObject { ["matchLabels"] = new JsonObject { [Uid] = uid } };
    }

    private static void PodSpec(JsonObject spec, string restartPolicy)
    {
        Default(spec, "restartPolicy", restartPolicy);
        Default(spec, "dnsPolicy", "ClusterFirst");
        Default(spec, "schedulerName", "default-scheduler");
        Default(spec, "terminationGracePeriodSeconds", 30);
        foreach (var container in spec.Objects("containers"))
        {
            foreach (var port in container.Objects("ports"))
                Default(port, "protocol", "TCP");
            if (container.Object("readinessProbe")?.Object("httpGet") is { } http)
                Default(http, "scheme", "HTTP");
        }
    }

    private static void Default(JsonObject o, string name, JsonNode value) => o[name] ??= value;
}
