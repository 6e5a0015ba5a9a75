using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Requests;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>
/// A real API server with the objects of the original report and with Pods whose answers a test chooses: three
/// backends and one client on three nodes, an agent each. Counters are a function of the number of times a target was
/// scraped, so every run is the same.
/// </summary>
internal sealed class ObservedCluster : IPodProxy, IAsyncDisposable
{
    public static readonly string[] Nodes = ["worker1", "worker2", "worker3"];

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopped = new();
    private readonly Dictionary<string, int> _tries = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private Task _serving = Task.CompletedTask;

    private ObservedCluster() => _listener.Start();

    public ApiFixture Api { get; private set; } = null!;

    /// <summary>
    /// What a target answers: by Pod and how often it was scraped before; bytes of a whole HTTP response. Null: the
    /// connection is closed.
    /// </summary>
    public Func<string, int, string?> Answer { get; set; } = (_, _) => Metrics("");

    /// <summary>Pods whose answers never end.</summary>
    public Dictionary<string, Func<Stream, CancellationToken, Task>> Endless { get; } = new(StringComparer.Ordinal);

    /// <summary>Methods of the requests to Pods.</summary>
    public List<string> Methods { get; } = [];

    /// <param name="agents">Namespace of the agents.</param>
    /// <param name="image">Their image.</param>
    public static async Task<ObservedCluster> StartAsync(
        string agents = "kube-system",
        string image = "quay.io/cilium/cilium:v1.9.0"
    )
    {
        var cluster = new ObservedCluster();
        cluster.Api = await ApiFixture.StartAsync(cluster);
        cluster._serving = cluster.ServeAsync();
        foreach (var ns in ((string[])["backend", "load-test", agents]).Except(["kube-system"]))
            cluster.Create(ResourceKinds.Namespaces, "", $$$"""{"metadata":{"name":"{{{ns}}}"}}""");
        foreach (var (node, i) in Nodes.Select((n, i) => (n, i)))
        {
            cluster.Create(ResourceKinds.Nodes, "", $$$"""{"metadata":{"name":"{{{node}}}"}}""");
            cluster.Pod(
                agents,
                $"agent{i + 1}",
                node,
                """{"k8s-app":"cilium"}""",
                "cilium-agent",
                image,
                "hubble-metrics",
                9091
            );
            cluster.Pod(
                "backend",
                $"b{i + 1}",
                node,
                """{"app":"backend","version":"v1"}""",
                "echo",
                "echo",
                "http",
                8080
            );
        }
        cluster.Pod("load-test", "client", "worker3", """{"app":"load-test-1"}""", "load", "load", "http", 8080);
        cluster.Create(
            ResourceKinds.Services,
            "backend",
            """{"metadata":{"name":"backend-1"},"spec":{"selector":{"app":"backend"},"ports":[{"port":8080,"targetPort":8080}]}}"""
        );
        cluster.Slice(Nodes.Length);
        return cluster;
    }

    /// <summary>
    /// Writes the Service's slice with the given number of Pods; those in <paramref name="unready"/> are not ready.
    /// </summary>
    public void Slice(int pods, params string[] unready)
    {
        var endpoints = Enumerable
            .Range(1, pods)
            .Select(i =>
                $$$"""{"addresses":["10.0.{{{i}}}.1"],"nodeName":"worker{{{i}}}","conditions":{"ready":{{{(unready.Contains($"b{i}") ? "false" : "true")}}}},"targetRef":{"kind":"Pod","name":"b{{{i}}}","namespace":"backend"}}"""
            );
        var json =
            $$$"""{"metadata":{"name":"backend-1-slice","labels":{"kubernetes.io/service-name":"backend-1"}},"addressType":"IPv4","ports":[{"port":8080}],"endpoints":[{{{string.Join(',', endpoints)}}}]}""";
        var kind = ResourceKinds.EndpointSlices;
        if (Api.Store.Get(kind, "backend", "backend-1-slice").Failure is null)
            Api.Store.Update(kind, "backend", "backend-1-slice", ApiFixture.Object(json)).OrThrow();
        else
            Create(kind, "backend", json);
    }

    /// <summary>Creates one more Service in namespace backend.</summary>
    public void Service(string name, string app = "backend") =>
        Create(
            ResourceKinds.Services,
            "backend",
            $$$"""
            {
              "metadata": { "name": "{{{name}}}" },
              "spec": { "selector": { "app": "{{{app}}}" }, "ports": [{ "port": 8080, "targetPort": 8080 }] }
            }
            """
        );

    public void Create(ResourceKind kind, string ns, string json) =>
        Api.Store.Create(kind, ns, ApiFixture.Object(json)).OrThrow();

    public static string Metrics(string text) =>
        $"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {Encoding.UTF8.GetByteCount(text)}\r\nConnection: close\r\n\r\n{text}";

    private void Pod(
        string ns,
        string name,
        string node,
        string labels,
        string container,
        string image,
        string port,
        int number
    )
    {
        Create(
            ResourceKinds.Pods,
            ns,
            $$$"""{"metadata":{"name":"{{{name}}}","labels":{{{labels}}}},"spec":{"nodeName":"{{{node}}}","containers":[{"name":"{{{container}}}","image":"{{{image}}}","ports":[{"name":"{{{port}}}","containerPort":{{{number}}}}]}]}}"""
        );
        Api.Store.Update(
                ResourceKinds.Pods,
                ns,
                name,
                new JsonObject { ["status"] = new JsonObject { ["phase"] = "Running" } },
                status: true
            )
            .OrThrow();
    }

    public async Task<Stream> ConnectAsync(string ns, string podName, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_listener.LocalEndpoint, cancellationToken);
        var stream = new NetworkStream(socket, ownsSocket: true);
        // The server must know which Pod it represents.
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{podName}\n"), cancellationToken);
        return stream;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stopped.Token);
                _ = Task.Run(() => AnswerAsync(socket), CancellationToken.None);
            }
        }
        catch (OperationCanceledException)
        {
            // The test has ended.
        }
    }

    private async Task AnswerAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            var pod = await reader.ReadLineAsync(_stopped.Token) ?? "";
            var first = await reader.ReadLineAsync(_stopped.Token) ?? "";
            while (await reader.ReadLineAsync(_stopped.Token) is { Length: > 0 })
            {
                // The head of the request ends with an empty line.
            }
            int tries;
            lock (_lock)
            {
                Methods.Add(first.Split(' ')[0]);
                tries = _tries.GetValueOrDefault(pod);
                _tries[pod] = tries + 1;
            }
            if (Endless.TryGetValue(pod, out var endless))
                await EndlessAnswer.GiveAsync(endless, stream, _stopped.Token);
            else if (Answer(pod, tries) is { } answer)
                await stream.WriteAsync(Encoding.UTF8.GetBytes(answer), _stopped.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
        {
            // The client has closed the connection.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        await _serving;
        _listener.Dispose();
        await Api.DisposeAsync();
        _stopped.Dispose();
    }
}
