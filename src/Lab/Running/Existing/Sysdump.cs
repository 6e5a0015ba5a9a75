using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.ServiceDefaults.Processes;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Running.Existing;

/// <summary>
/// What Cilium's maintainers need, from every node: sockets, drops and traced packets while the load runs,
/// load-balancing maps compared with the EndpointSlices, and the objects of the API. A SYN is seen on the client's node
/// as it enters the tunnel and on the other node as it leaves: that confirms or refutes the model of two-sided-l7.
/// </summary>
public sealed class Sysdump(Kubernetes cluster, LoadSpec load, TimeProvider time)
{
    private const string Agent = "cilium-agent";
    private const string Syns = "syn.txt";
    private static readonly TimeSpan s_commandLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_longestCapture = TimeSpan.FromSeconds(30);

    // Later releases call the command line inside the agent cilium-dbg.
    private const string Preamble = "CILIUM=$(command -v cilium-dbg || command -v cilium); ";

    /// <summary>
    /// Commands while the load runs; {0} is the length of the capture in seconds. The monitor reports the first
    /// packet of every connection at every point of its path, and aggregates only what follows: with SYNs alone the
    /// file stays small. Few agent images have tcpdump, which sees the tunnel's packets from outside.
    /// </summary>
    private static readonly (string File, string Command)[] s_captures =
    [
        ("drops.txt", "timeout {0} $CILIUM monitor -t drop"),
        (Syns, "timeout {0} $CILIUM monitor -v -t trace | grep 'tcp SYN$' | head -50000"),
        ("ss.txt", "ss -tan"),
        (
            "tcpdump.txt",
            "if command -v tcpdump >/dev/null; then timeout {0} tcpdump -nn -i any -c 20000 "
                + "'tcp[tcpflags] & tcp-syn != 0 or udp port 8472'; else echo '[no tcpdump in this image]'; fi"
        ),
    ];

    /// <summary>Commands at the end.</summary>
    private static readonly (string File, string Command)[] s_states =
    [
        ("status.txt", "$CILIUM status --verbose"),
        ("lb.txt", "$CILIUM bpf lb list"),
        ("services.txt", "$CILIUM service list"),
        ("endpoints.txt", "$CILIUM endpoint list"),
        ("ct.txt", "$CILIUM bpf ct list global | head -20000"),
        ("kernel.txt", "uname -a"),
    ];

    private readonly PodExec _exec = new(cluster, time);
    private readonly ConcurrentDictionary<string, string> _files = new(StringComparer.Ordinal);
    private Task _capturing = Task.CompletedTask;

    /// <summary>The files so far, by path in the folder.</summary>
    public IReadOnlyDictionary<string, string> Files => _files;

    /// <summary>Every command that is run on a node, with the file that gets its output.</summary>
    /// <param name="seconds">Length of the captures, s.</param>
    public static IEnumerable<(string File, string Command)> Commands(int seconds) =>
        Captures(seconds).Concat(s_states).Select(c => (c.File, Preamble + c.Command));

    private static IEnumerable<(string File, string Command)> Captures(int seconds) =>
        s_captures.Select(c =>
            (c.File, c.Command.Replace("{0}", seconds.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))
        );

    /// <summary>Starts the captures, which go on for as long as the phase.</summary>
    public void BeginCapture(TimeSpan phase, CancellationToken cancellationToken)
    {
        var longest =
            phase == Timeout.InfiniteTimeSpan
                ? s_longestCapture
                : TimeSpan.FromSeconds(Math.Min(phase.TotalSeconds, s_longestCapture.TotalSeconds));
        _capturing = OnEveryNodeAsync(
            Captures((int)Math.Ceiling(longest.TotalSeconds)),
            s_longestCapture + s_commandLimit,
            cancellationToken
        );
    }

    /// <summary>Waits for the captures and collects the rest.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await _capturing;
        await OnEveryNodeAsync(s_states, s_commandLimit, cancellationToken);
        var slices = await EndpointSlices.ListAsync(cluster, load.Namespace, load.Service, cancellationToken);
        _files["endpointslices.json"] = KubernetesJson.Serialize(slices);
        _files["pods.json"] = KubernetesJson.Serialize(
            (await cluster.CoreV1.ListNamespacedPodAsync(load.Namespace, cancellationToken: cancellationToken)).Items
        );
        var addresses = slices
            .SelectMany(s =>
                (s.Endpoints ?? []).SelectMany(e =>
                    e.Addresses.SelectMany(a => (s.Ports ?? []).Select(p => $"{a}:{p.Port}"))
                )
            )
            .ToList();
        var service = await cluster.ServiceOfAsync(load, cancellationToken);
        var check = PerNode("lb.txt")
            .Select(f =>
                $"{f.Key}: {LoadBalancingMap.Compare(f.Value, $"{service.Spec.ClusterIP}:{load.Url.Port}", addresses)}"
            );
        _files["lb-against-endpointslices.txt"] = string.Join('\n', check) + "\n";
        _files["syn-across-tunnel.txt"] = TunnelSyns.Report(
            PerNode(Syns),
            slices,
            EndpointSlices.PodPort(service, slices, load.Url.Port)
        );
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

    private SortedDictionary<string, string> PerNode(string file) =>
        new(
            _files
                .Where(f => f.Key.EndsWith($"/{file}", StringComparison.Ordinal))
                .ToDictionary(f => f.Key.Split('/')[0], f => f.Value, StringComparer.Ordinal),
            StringComparer.Ordinal
        );

    private async Task OnEveryNodeAsync(
        IEnumerable<(string File, string Command)> commands,
        TimeSpan limit,
        CancellationToken cancellationToken
    )
    {
        var agents = await cluster.AgentsAsync(cancellationToken);
        await Task.WhenAll(
            agents.SelectMany(agent =>
                commands.Select(async c =>
                    _files[$"{agent.Spec.NodeName}/{c.File}"] = await _exec.RunAsync(
                        agent.Namespace(),
                        agent.Name(),
                        Agent,
                        ["sh", "-c", Preamble + c.Command],
                        limit,
                        cancellationToken
                    )
                )
            )
        );
    }
}
