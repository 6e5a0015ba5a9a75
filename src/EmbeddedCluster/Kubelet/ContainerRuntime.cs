using System.Globalization;
using CiliumDebugging.ServiceDefaults.Pods;
using CiliumDebugging.ServiceDefaults.Processes;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Kubelet;

/// <summary>Where a Pod is on the network.</summary>
/// <param name="PodIp">Its address.</param>
/// <param name="HostIp">Its node's address.</param>
/// <param name="BackingAddress">The private address its program listens on.</param>
/// <param name="PortOffset">What is added to every port where it is listened on.</param>
internal sealed record PodPlace(string PodIp, string HostIp, string BackingAddress, int PortOffset);

/// <summary>A container that cannot be started as its Pod asks.</summary>
/// <param name="reason">Reason as a kubelet gives it: ErrImagePull, CreateContainerConfigError.</param>
/// <param name="message">What, where and what to do.</param>
internal sealed class ContainerStartException(string reason, string message) : Exception(message)
{
    public string Reason { get; } = reason;
}

/// <summary>
/// Runs containers as processes: the programs of the lab are its images, by the last part of the name (<c>registry/backend:1</c> is Backend). A process is told which Pod it is
/// and how to reach the API.
/// </summary>
internal sealed class ContainerRuntime(
    Uri apiUrl,
    string apiToken,
    string? authorityPem,
    PodOutputs outputs,
    TimeProvider time
)
{
    private static readonly Dictionary<string, string> s_programs = new(StringComparer.Ordinal)
    {
        ["backend"] = "Backend",
        ["load-test"] = "LoadTest",
        ["loadtest"] = "LoadTest",
    };

    /// <summary>Starts the Pod's container.</summary>
    /// <param name="pod">The Pod.</param>
    /// <param name="place">Its addresses.</param>
    /// <exception cref="ContainerStartException">The image is none of the lab's, or something is asked for that does not exist here.</exception>
    public DotnetProcess Start(V1Pod pod, PodPlace place)
    {
        if (pod.Spec.Containers is not [var container])
            throw new ContainerStartException(
                "CreateContainerConfigError",
                $"pod {pod.Name()} has {pod.Spec.Containers.Count} containers: the embedded cluster runs one process per Pod"
            );
        var image = container.Image ?? "";
        if (!s_programs.TryGetValue(image.Split('/')[^1].Split(':', '@')[0], out var program))
            throw new ContainerStartException(
                "ErrImagePull",
                $"image \"{image}\" is none of the embedded cluster's: it runs {string.Join(", ", s_programs.Keys)} as processes and pulls nothing"
            );
        if (container.Command is { Count: > 0 })
            throw new ContainerStartException(
                "CreateContainerConfigError",
                $"container {container.Name} sets command: the embedded cluster runs its programs with args only"
            );
        var environment = Environment(pod, container, place);
        var output = outputs.Of(pod.Uid(), time);
        return DotnetProcess.Start(
            program,
            container.Args ?? [],
            environment,
            time,
            output.Add,
            keepInputOpen: true,
            onErrorLine: output.Add
        );
    }

    /// <summary>
    /// The variables of the Pod's process. The Pod's own win, but for those by which it finds its place here.
    /// </summary>
    internal Dictionary<string, string> Environment(V1Pod pod, V1Container container, PodPlace place)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [PodEnvironment.PodName] = pod.Name(),
            [PodEnvironment.PodNamespace] = pod.Namespace(),
            [PodEnvironment.NodeName] = pod.Spec.NodeName,
            [PodEnvironment.PodIp] = place.PodIp,
        };
        foreach (var (variable, value) in PodTelemetry.Variables(pod))
            environment[variable] = value;
        foreach (var variable in container.Env ?? [])
            environment[variable.Name] = Value(variable, pod, place);
        environment[PodEnvironment.PodUid] = pod.Uid();
        environment[PodEnvironment.BackingAddress] = place.BackingAddress;
        environment[PodEnvironment.PortOffset] = place.PortOffset.ToString(CultureInfo.InvariantCulture);
        environment[PodEnvironment.PodPorts] = string.Join(
            ',',
            (container.Ports ?? []).Select(p =>
                string.Create(CultureInfo.InvariantCulture, $"{p.Name}={p.ContainerPort}")
            )
        );
        environment[PodEnvironment.ApiUrl] = apiUrl.ToString();
        environment[PodEnvironment.ApiToken] = apiToken;
        if (authorityPem is not null)
            environment[PodEnvironment.ApiAuthority] = authorityPem;
        return environment;
    }

    private static string Value(V1EnvVar variable, V1Pod pod, PodPlace place)
    {
        if (variable.ValueFrom is not { } from)
            return variable.Value ?? "";
        return from.FieldRef?.FieldPath switch
        {
            "metadata.name" => pod.Name(),
            "metadata.namespace" => pod.Namespace(),
            "metadata.uid" => pod.Uid(),
            "spec.nodeName" => pod.Spec.NodeName,
            "status.podIP" => place.PodIp,
            "status.hostIP" => place.HostIp,
            _ => throw new ContainerStartException(
                "CreateContainerConfigError",
                $"env {variable.Name}: the embedded cluster knows values and fieldRef of metadata.name, metadata.namespace, metadata.uid, spec.nodeName, status.podIP and status.hostIP"
            ),
        };
    }
}
