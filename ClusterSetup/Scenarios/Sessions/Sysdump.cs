using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using CiliumDebugging.ClusterSetup.Embedded.ControlPlane;
using CiliumDebugging.ClusterSetup.Kind.Programs;
using CiliumDebugging.ClusterSetup.Scenarios.Measuring;
using k8s;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Scenarios.Sessions;

/// <summary>
/// What Cilium's maintainers ask for, from every node: sockets, drops and traced packets while the load runs (a SYN shows on the client's node as it enters the tunnel and on the other as it
/// leaves it: that confirms or refutes the model of two-sided-l7), load-balancing maps held against the EndpointSlices, and the objects of the API.
/// </summary>
internal sealed class Sysdump(Kubernetes cluster, LoadSpec load)
{
    private const string Agent = "cilium-agent";
    private static readonly TimeSpan s_commandLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_longestCapture = TimeSpan.FromSeconds(30);

    /// <summary>Commands while the load runs; {0} is the length of the capture in seconds.</summary>
    private static readonly (string File, string Command)[] s_captures =
    [
        ("drops.txt", "timeout {0} $CILIUM monitor -t drop"),
        ("trace.txt", "timeout {0} $CILIUM monitor -v -t trace | grep -E 'SYN|->' | head -20000"),
        ("ss.txt", "ss -tan"),
    ];

    /// <summary>Commands at the end.</summary>
    private static readonly (string File, string Command)[] s_states =
    [
        ("status.txt", "$CILIUM status --verbose"), ("lb.txt", "$CILIUM bpf lb list"), ("services.txt", "$CILIUM service list"), ("endpoints.txt", "$CILIUM endpoint list"),
        ("ct.txt", "$CILIUM bpf ct list global | head -20000"), ("kernel.txt", "uname -a"),
    ];

    private readonly PodExec _exec = new(cluster);
    private readonly ConcurrentDictionary<string, string> _files = new(StringComparer.Ordinal);
    private Task _capturing = Task.CompletedTask;

    /// <summary>The files so far, by path in the folder.</summary>
    public IReadOnlyDictionary<string, string> Files => _files;

    /// <summary>Starts the captures, which go on for as long as the phase.</summary>
    public void BeginCapture(TimeSpan phase, CancellationToken cancellationToken)
    {
        var seconds = Math.Ceiling(Math.Min(phase.TotalSeconds, s_longestCapture.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        _capturing = OnEveryNodeAsync(s_captures.Select(c => (c.File, c.Command.Replace("{0}", seconds, StringComparison.Ordinal))), s_longestCapture + s_commandLimit, cancellationToken);
    }

    /// <summary>Waits for the captures and collects the rest.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await _capturing;
        await OnEveryNodeAsync(s_states, s_commandLimit, cancellationToken);
        var slices = await EndpointSlices.ListAsync(cluster, load.Namespace, load.Service, cancellationToken);
        _files["endpointslices.json"] = KubernetesJson.Serialize(slices);
        _files["pods.json"] = KubernetesJson.Serialize((await cluster.CoreV1.ListNamespacedPodAsync(load.Namespace, cancellationToken: cancellationToken)).Items);
        var addresses = slices.SelectMany(s => (s.Endpoints ?? []).SelectMany(e => e.Addresses.SelectMany(a => (s.Ports ?? []).Select(p => $"{a}:{p.Port}")))).ToList();
        var service = await cluster.CoreV1.ReadNamespacedServiceAsync(load.Service, load.Namespace, cancellationToken: cancellationToken);
        var check = _files.Where(f => f.Key.EndsWith("/lb.txt", StringComparison.Ordinal)).OrderBy(f => f.Key, StringComparer.Ordinal)
            .Select(f => $"{f.Key.Split('/')[0]}: {LoadBalancingMap.Compare(f.Value, $"{service.Spec.ClusterIP}:{load.Url.Port}", addresses)}");
        _files["lb-against-endpointslices.txt"] = string.Join('\n', check) + "\n";
    }

    /// <summary>Writes the files into a folder <c>sysdump</c> of a report's folder.</summary>
    public void WriteTo(string report)
    {
        foreach (var (file, text) in _files)
        {
            var path = Path.Combine(report, "sysdump", file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, Secrets.Hide(text));
        }
    }

    private async Task OnEveryNodeAsync(IEnumerable<(string File, string Command)> commands, TimeSpan limit, CancellationToken cancellationToken)
    {
        var agents = await cluster.CoreV1.ListNamespacedPodAsync(ClusterObjects.SystemNamespace, labelSelector: "k8s-app=cilium", cancellationToken: cancellationToken);
        await Task.WhenAll(agents.Items.SelectMany(agent => commands.Select(async c =>
            // Later releases call the command line inside the agent cilium-dbg.
            _files[$"{agent.Spec.NodeName}/{c.File}"] = await _exec.RunAsync(agent.Namespace(), agent.Name(), Agent,
                ["sh", "-c", $"CILIUM=$(command -v cilium-dbg || command -v cilium); {c.Command}"], limit, cancellationToken))));
    }
}
