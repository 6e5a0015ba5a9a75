using System.Text.Json;
using System.Text.Json.Nodes;

namespace CiliumDebugging.ClusterSetup.Embedded.Api;

/// <summary>What a real server fills in, as far as the lab and kubectl show it. Every function tolerates objects of any shape.</summary>
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

        if (o["status"] is null)
            o["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };
    }

    public static void Deployment(JsonObject o)
    {
        Replicas(o);
        if (o.Object("spec") is not { } spec)
            return;
        Default(spec, "revisionHistoryLimit", 10);
        Default(spec, "progressDeadlineSeconds", 600);
        if (spec["strategy"] is null)
            spec["strategy"] = new JsonObject { ["type"] = "RollingUpdate", ["rollingUpdate"] = new JsonObject { ["maxUnavailable"] = "25%", ["maxSurge"] = "25%" } };
    }

    public static void Replicas(JsonObject o)
    {
        if (o.Object("spec") is { } spec)
            Default(spec, "replicas", 1);
        Template(o);
    }

    public static void Template(JsonObject o)
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
        if (spec.Object("template")?.Object("spec") is { } pod)
            PodSpec(pod, "Never");
    }

    private static void PodSpec(JsonObject spec, string restartPolicy)
    {
        Default(spec, "restartPolicy", restartPolicy);
        Default(spec, "dnsPolicy", "ClusterFirst");
        Default(spec, "schedulerName", "default-scheduler");
        Default(spec, "terminationGracePeriodSeconds", 30);
        foreach (var port in spec.Objects("containers").SelectMany(c => c.Objects("ports")))
            Default(port, "protocol", "TCP");
    }

    private static void Default(JsonObject o, string name, JsonNode value)
    {
        if (o[name] is null)
            o[name] = value;
    }
}
