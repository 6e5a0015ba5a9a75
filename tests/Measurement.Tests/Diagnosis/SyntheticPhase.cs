using System.Collections.Immutable;
using System.Net;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Tests.Diagnosis;

/// <summary>A phase of a cluster that does not exist: requests are simulated one by one, every proxy and Pod on their
/// way counts as the real ones do, and what client, Hubble and backends count becomes evidence.</summary>
internal sealed class SyntheticPhase
{
    private readonly Random _random;
    private readonly long[] _ok,
        _failed,
        _clientErrors,
        _otherErrors,
        _hubbleRequests,
        _hubbleOk;
    private readonly double[] _echo,
        _milliseconds;
    private readonly SortedDictionary<int, long> _byStatus = [];
    private readonly SortedDictionary<string, long> _unanswered = new(StringComparer.Ordinal);
    private readonly FreshSelections _fresh = new();
    private readonly ConnectionTally _connections = new();
    private readonly Dictionary<string, (Dictionary<string, long> ByPod, long Failed)> _clientNodes = new(
        StringComparer.Ordinal
    );
    private DeliveryTest _delivery;
    private SkewTest _selection;
    private long _requests,
        _connection;

    /// <summary>How long it lasts, s.</summary>
    public double Seconds { get; init; } = 10;

    public SyntheticPhase(Random random, int? pods = null, int? nodes = null, int[]? placement = null)
    {
        _random = random;
        var count = pods ?? random.Next(2, 8);
        var names = Enumerable.Range(0, nodes ?? random.Next(2, count + 2)).Select(i => $"{Word()}-{i}").ToArray();
        var (app, ns) = (Word(), Word());
        Pods =
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => new BackendPod(
                    $"{app}-{Word()}{i}",
                    ns,
                    names[placement?[i] ?? (i < names.Length ? i : random.Next(names.Length))]
                )),
        ];
        ClientNode = names[random.Next(Math.Min(names.Length, count))];
        (_ok, _failed, _clientErrors, _otherErrors, _hubbleRequests, _hubbleOk) = (
            new long[count],
            new long[count],
            new long[count],
            new long[count],
            new long[count],
            new long[count]
        );
        (_echo, _milliseconds) = (new double[count], new double[count]);
        var shares = ExpectedShares.Equal([.. Pods.Select(p => p.Name)]);
        (_delivery, _selection) = (new DeliveryTest(shares), new SkewTest(shares));
        Endpoints = Pods.ToDictionary(
            p => p.HubbleName,
            _ => new EndpointFacts(true, null, [], -100),
            StringComparer.Ordinal
        );
    }

    public ImmutableArray<BackendPod> Pods { get; }
    public string ClientNode { get; set; }
    public Dictionary<string, EndpointFacts> Endpoints { get; }
    public (bool Client, bool Backends) Rules { get; set; }
    public ServiceFacts Service { get; set; } = ServiceFacts.Unknown;
    public string? ClientZone { get; set; }
    public string? EntryNode { get; set; }
    public HashSet<int> DeniedPods { get; } = [];
    public Dictionary<string, string> UnknownAddresses { get; } = [];
    public HashSet<int> SilentPods { get; } = [];
    public string? Version { get; set; } = "1.9.0";
    public string? LostNode { get; set; }
    public PhaseReport? Previous { get; set; }
    public Func<int, double> LatencyMs { get; set; } = _ => 2;

    /// <summary>What the Service asks for, before the first request: only these Pods, evenly.</summary>
    public void Expect(Func<int, bool> these)
    {
        var shares = ExpectedShares.Weighted(
            [.. Pods.Select(p => p.Name)],
            [.. Pods.Select((_, i) => these(i) ? 1.0 : 0)]
        );
        (_delivery, _selection) = (new DeliveryTest(shares), new SkewTest(shares));
    }

    public bool IsLocal(int pod) => Pods[pod].Node == ClientNode;

    /// <summary>Whether the client uses HTTP/2.</summary>
    public bool IsHttp2 { get; set; }

    public int Any() => _random.Next(Pods.Length);

    public int AnyOf(IReadOnlyList<int> pods) => pods[_random.Next(pods.Count)];

    public int Port() => 32769 + 2 * _random.Next(14_116);

    /// <summary>The Pod itself answers; <paramref name="attempts"/> requests reached it.</summary>
    public void Answer(
        int pod,
        int status = 200,
        int attempts = 1,
        int? port = null,
        (long Connection, int Nth)? on = null,
        bool? usedBefore = null,
        string? clientNode = null
    )
    {
        var ok = ResponseStatus.IsSuccess(status);
        (ok ? _ok : _failed)[pod]++;
        _echo[pod] += attempts;
        _milliseconds[pod] += LatencyMs(pod);
        for (var attempt = 0; attempt < attempts; attempt++)
        {
            if (Rules.Client)
                Pass(ClientNode, pod, status);
            if (Rules.Backends)
                Pass(Pods[pod].Node, pod, status);
        }
        Count(pod, ok, port, on, usedBefore, clientNode);
        _byStatus[status] = _byStatus.GetValueOrDefault(status) + 1;
    }

    /// <summary>A proxy, of the client's node unless another is given, answers, attributed to a Pod.</summary>
    public void ProxyError(int pod, string? node = null)
    {
        if (node is not null && Rules.Client)
            Pass(ClientNode, pod, 503);
        Pass(node ?? ClientNode, pod, 503);
        Count(null, false, null, null, null, null);
        _byStatus[503] = _byStatus.GetValueOrDefault(503) + 1;
    }

    /// <summary>A proxy denies the request.</summary>
    public void Denied(int pod)
    {
        var node = Rules.Client ? ClientNode : Pods[pod].Node;
        if (node != LostNode)
            _hubbleRequests[pod]++;
        Count(null, false, null, null, null, null);
        _byStatus[403] = _byStatus.GetValueOrDefault(403) + 1;
    }

    /// <summary>The request gets no answer.</summary>
    public void Dropped(string kind = "dropped", string? clientNode = null)
    {
        Count(null, false, null, null, null, clientNode);
        _unanswered[kind] = _unanswered.GetValueOrDefault(kind) + 1;
    }

    public Evidence Evidence()
    {
        var phase = Report();
        var errors = Pods.Select((p, i) => (p.HubbleName, (double)_clientErrors[i]))
            .Where(e => e.Item2 > 0)
            .ToImmutableDictionary(e => e.HubbleName, e => e.Item2);
        var rows = _clientNodes
            .Select(n => new ClientNodeFacts(n.Key, n.Value.ByPod.ToImmutableDictionary(), n.Value.Failed))
            .ToImmutableArray();
        return new Evidence
        {
            Phase = phase,
            Previous = Previous,
            ClientNode = ClientNode,
            ProxyFailuresByPod = errors,
            ClientHasEgressL7 = Rules.Client,
            BackendsHaveIngressL7 = Rules.Backends,
            CiliumVersion = Version,
            Service = Service,
            Endpoints = Endpoints.ToImmutableDictionary(),
            ClientZone = ClientZone,
            EntryNode = EntryNode,
            SilentPods = [.. SilentPods.Select(i => Pods[i].HubbleName)],
            DeniedPods = [.. DeniedPods.Select(i => Pods[i].HubbleName)],
            UnknownAddresses = UnknownAddresses.ToImmutableSortedDictionary(),
            Connections = _connections.Facts() with { AreHttp2 = IsHttp2 },
            ClientNodes = rows,
            NodesWithoutHubble = LostNode is null ? [] : [LostNode],
        };
    }

    public PhaseReport Report()
    {
        var named = _selection.Counts.Unattributed == 0;
        var selection = _selection;
        if (!named)
        {
            selection = new SkewTest(_selection.Expected);
            selection.Add(new BackendCounts([.. Pods.Select((_, i) => _ok[i] + _failed[i] + _clientErrors[i])], 0));
        }
        var unit = named ? SelectionUnit.FreshSelection : SelectionUnit.HubbleRequest;
        // The counters are read a moment after the last record of the phase.
        var edge = 1 + _random.NextDouble() * 0.1;
        var pods = Pods.Select(
            (p, i) =>
                new PodPhase
                {
                    Pod = p,
                    OnClientNode = IsLocal(i),
                    Ok = _ok[i],
                    Failed = _failed[i],
                    HubbleRequests = _hubbleRequests[i],
                    HubbleOk = _hubbleOk[i],
                    HubbleServerErrors = _clientErrors[i] + _otherErrors[i],
                    Echo = Math.Floor(_echo[i] * edge),
                    ClientProxyErrors = _clientErrors[i],
                    MeanLatencyMs = _ok[i] + _failed[i] > 0 ? _milliseconds[i] / (_ok[i] + _failed[i]) : 0,
                }
        );
        return new PhaseReport
        {
            Name = "phase",
            Seconds = Seconds,
            Requests = _requests,
            ByStatus = _byStatus.ToImmutableSortedDictionary(),
            Unanswered = _unanswered.ToImmutableSortedDictionary(),
            Pods = [.. pods],
            Selection = selection.Verdict(unit),
            SelectionSource = named ? "client" : "client and Hubble",
            Delivery = _delivery.Evaluate(unit),
            HttpRules = Rules,
        };
    }

    private void Pass(string node, int pod, int status)
    {
        if (node == LostNode)
            return;
        _hubbleRequests[pod]++;
        if (ResponseStatus.IsSuccess(status))
            _hubbleOk[pod]++;
        if (status >= 500)
            (node == ClientNode ? _clientErrors : _otherErrors)[pod]++;
    }

    private void Count(
        int? pod,
        bool ok,
        int? port,
        (long Connection, int Nth)? on,
        bool? usedBefore,
        string? clientNode
    )
    {
        _requests++;
        var source = new IPEndPoint(IPAddress.Loopback, port ?? Port());
        var (connection, nth) = on ?? (_connection++, 0);
        var name = pod is { } p ? Pods[p].Name : null;
        _connections.Add(connection, nth, name, usedBefore ?? false, source.Port);
        if (clientNode is not null)
        {
            if (!_clientNodes.TryGetValue(clientNode, out var row))
                row = (new(StringComparer.Ordinal), 0);
            if (name is not null)
                row.ByPod[name] = row.ByPod.GetValueOrDefault(name) + 1;
            _clientNodes[clientNode] = row with { Failed = row.Failed + (ok ? 0 : 1) };
        }
        if (
            _fresh.Classify("service", source, TimeSpan.FromSeconds(_requests / 50.0), nth == 0)
            is not SelectionOrigin.Fresh
        )
            return;
        _delivery.Add(pod, ok);
        if (pod is { } chosen)
            _selection.Add(chosen);
        else
            _selection.AddUnattributed();
    }

    private string Word() =>
        string.Concat(Enumerable.Range(0, _random.Next(3, 9)).Select(_ => (char)('a' + _random.Next(26))));
}
