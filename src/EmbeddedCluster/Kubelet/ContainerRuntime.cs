using System.ComponentModel;
using System.Globalization;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.ServiceDefaults.Pods;
using CiliumDebugging.ServiceDefaults.Processes;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Kubelet;

/// <summary>
/// Where a Pod is on the network: its own address and its node's, the private one its program listens on, and what is
/// added to every port there.
/// </summary>
internal sealed record PodPlace(string PodIp, string HostIp, string BackingAddress, int PortOffset);

/// <summary>A container that cannot be started as its Pod says.</summary>
/// <param name="reason">Reason as a kubelet gives it: ErrImagePull, CreateContainerConfigError,
/// RunContainerError.</param>
/// <param name="message">What is wrong, where, and what to do.</param>
internal sealed class ContainerStartException(string reason, string message) : Exception(message)
{
    public string Reason { get; } = reason;

    /// <summary>Whether the machine may be able to start it later: it is tried again.</summary>
    public bool MayPass { get; init; }
}

/// <summary>
/// Runs containers as processes: its images are the programs of the lab, by the last part of the name
/// (<c>registry/backend:1</c> is Backend). The environment says which Pod a process is and how it reaches the API.
/// </summary>
internal sealed class ContainerRuntime(
    Uri apiUrl,
    string apiToken,
    string? authorityPem,
    PodOutputs outputs,
    TimeProvider time
)
{
    /// <summary>The token by which a Pod's process recognises the datapath.</summary>
    public byte[] ConnectionToken(V1Pod pod) => SandboxContract.ConnectionToken(apiToken, pod.Uid());

    /// <summary>Drops what a Pod that is gone has printed.</summary>
    public void Forget(string uid) => outputs.Forget(uid);

    /// <summary>Where the images that .NET's SDK makes listen.</summary>
    private const int ImagePort = 8080;

    private static readonly Dictionary<string, string> s_programs = new(StringComparer.Ordinal)
    {
        ["backend"] = "Backend",
        ["load-test"] = "LoadTest",
        ["loadtest"] = "LoadTest",
    };

    /// <summary>
    /// The ports that a container listens on: those it declares. An image does not need the declaration; without one
    /// the backend listens where its image does, on ASPNETCORE_HTTP_PORTS or 8080.
    /// </summary>
    public static IList<V1ContainerPort> Ports(V1Container container)
    {
        if (container.Ports is { Count: > 0 } || ProgramOf(container) is not "Backend")
            return container.Ports ?? [];
        var configured = container.Env?.FirstOrDefault(e => e.Name == "ASPNETCORE_HTTP_PORTS")?.Value ?? "";
        return
        [
            .. configured
                .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(text => int.TryParse(text, CultureInfo.InvariantCulture, out var port) ? port : ImagePort)
                .DefaultIfEmpty(ImagePort)
                .Select(port => new V1ContainerPort { ContainerPort = port, Protocol = "TCP" }),
        ];
    }

    private static string? ProgramOf(V1Container container) =>
        s_programs.GetValueOrDefault(ContainerImage.Parse(container.Image).Repository.Split('/')[^1]);

    /// <exception cref="ContainerStartException">
    /// The image is not one of the lab's, or the container needs something that does not exist here.
    /// </exception>
    public DotnetProcess Start(V1Pod pod, PodPlace place)
    {
        if (pod.Spec.Containers is not [var container])
            throw ConfigError(
                $"pod {pod.Name()} has {pod.Spec.Containers.Count} containers: "
                    + "the embedded cluster runs one process per Pod"
            );
        var image = container.Image ?? "";
        if (ProgramOf(container) is not { } program)
            throw new ContainerStartException(
                "ErrImagePull",
                $"image \"{image}\" does not exist on the embedded cluster: "
                    + $"it runs {string.Join(", ", s_programs.Keys)} as processes and pulls nothing"
            );
        if (container.Command is { Count: > 0 })
            throw ConfigError(
                $"container {container.Name} sets command: the embedded cluster runs its programs with args only"
            );
        var variables = Environment(pod, container, place);
        var output = outputs.Of(pod.Uid(), time);
        output.BeginRun();
        Action<string> print = output.Add;
        var args = container.Args ?? [];
        try
        {
            return DotnetProcess.Start(program, args, variables, time, print, keepInputOpen: true, onErrorLine: print);
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            // Too many open files or processes, a variable that is too long, a program that is not built.
            throw new ContainerStartException("RunContainerError", $"{program} cannot be started: {e.Message}")
            {
                MayPass = true,
            };
        }
    }

    private static ContainerStartException ConfigError(string message) => new("CreateContainerConfigError", message);

    /// <summary>
    /// The variables of the Pod's process. The Pod's own win, except over those by which it finds its place here.
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
        var ports = Ports(container).Select(p => $"{p.Name}={p.ContainerPort}");
        environment[PodEnvironment.PodPorts] = string.Join(',', ports);
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
            _ => throw ConfigError(
                $"env {variable.Name}: the embedded cluster knows values and fieldRef of metadata.name, "
                    + "metadata.namespace, metadata.uid, spec.nodeName, status.podIP and status.hostIP"
            ),
        };
    }
}
