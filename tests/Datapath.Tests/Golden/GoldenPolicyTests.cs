using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Testing;
using Microsoft.Extensions.Primitives;

namespace CiliumDebugging.Datapath.Tests.Golden;

/// <summary>Random policies and what real Cilium 1.19.4 makes of them (see README.md).</summary>
public sealed class GoldenPolicyTests
{
    private static readonly Lazy<(GoldenWorld World, List<JsonObject> Cases)> s_golden = new(Read);

    [Fact]
    public void Documents_are_accepted_where_cilium_accepts_them()
    {
        List<string> differences = [];
        var documents = 0;
        foreach (var golden in s_golden.Value.Cases)
        {
            foreach (var (text, accepted) in golden["policies"]!.AsArray().Zip(golden["accepted"]!.AsArray()))
            {
                documents++;
                var read = PolicyReader.ReadYaml(text!.GetValue<string>(), "policy.yaml");
                var acceptedByCilium = accepted!.GetValueKind() is JsonValueKind.True;
                if (read.IsValid != acceptedByCilium)
                    differences.Add(
                        acceptedByCilium
                            ? $"{golden["id"]}: refused: {string.Join(" | ", read.Problems)}"
                            : $"{golden["id"]}: accepted; Cilium: {accepted}"
                    );
            }
        }
        documents.ShouldBe(2592);
        differences.Except(KnownDifferences(), StringComparer.Ordinal).ShouldBeEmpty();
    }

    [Fact]
    public void Verdicts_and_http_answers_are_ciliums()
    {
        var (world, cases) = s_golden.Value;
        List<string> differences = [];
        var verdicts = 0;
        foreach (var golden in cases)
        {
            var policies = PolicySet.Create(
                golden["policies"]!
                    .AsArray()
                    .Zip(golden["accepted"]!.AsArray())
                    .Where(p => p.Second!.GetValueKind() is JsonValueKind.True)
                    .SelectMany(p => PolicyReader.ReadYaml(p.First!.GetValue<string>(), "policy.yaml").Policies),
                world.Identities
            );
            foreach (var flow in golden["flows"]!.AsArray().Select(f => f!.AsObject()))
            {
                foreach (var direction in (TrafficDirection[])[TrafficDirection.Egress, TrafficDirection.Ingress])
                {
                    var expected = flow[direction is TrafficDirection.Egress ? "egress" : "ingress"];
                    if (expected is null)
                        continue;
                    verdicts++;
                    var actual = world.Answer(policies, direction, flow);
                    if (actual != expected.GetValue<string>())
                        differences.Add(
                            $"{golden["id"]}: {direction} {flow["src"]} -> {flow["dst"]}:{flow["port"]}/{flow["proto"]}: "
                                + $"{actual}; Cilium: {expected}"
                        );
                }
            }
        }
        verdicts.ShouldBe(18823);
        differences.Except(KnownDifferences(), StringComparer.Ordinal).ShouldBeEmpty();
    }

    /// <summary>The lines of differences.txt that are not comments.</summary>
    private static IEnumerable<string> KnownDifferences() =>
        File.ReadLines(GoldenData.PathOf("differences.txt")).Where(l => l.Length > 0 && l[0] != '#');

    private static (GoldenWorld World, List<JsonObject> Cases) Read()
    {
        using var file = File.OpenRead(GoldenData.PathOf("policies.jsonl.gz"));
        using var text = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
        var world = new GoldenWorld(JsonNode.Parse(text.ReadLine()!)!.AsObject());
        List<JsonObject> cases = [];
        while (text.ReadLine() is { } line)
            cases.Add(JsonNode.Parse(line)!.AsObject());
        return (world, cases);
    }

    /// <summary>The namespaces, pods and requests of the first line.</summary>
    private sealed class GoldenWorld
    {
        private readonly Dictionary<string, Peer> _peers;
        private readonly List<(
            string Method,
            string Path,
            string Host,
            Dictionary<string, StringValues> Headers
        )> _requests;

        public GoldenWorld(JsonObject header)
        {
            _peers = header["pods"]!.AsArray().ToDictionary(p => $"{p!["ns"]}/{p["name"]}", p => Pod(header, p!));
            _requests =
            [
                .. header["requests"]!
                    .AsArray()
                    .Select(r =>
                        (
                            r!["method"]!.GetValue<string>(),
                            r["path"]!.GetValue<string>(),
                            r["host"]!.GetValue<string>(),
                            r["headers"]!
                                .AsArray()
                                .GroupBy(
                                    h => h![0]!.GetValue<string>(),
                                    h => h![1]!.GetValue<string>(),
                                    StringComparer.OrdinalIgnoreCase
                                )
                                .ToDictionary(
                                    h => h.Key,
                                    h => new StringValues([.. h]),
                                    StringComparer.OrdinalIgnoreCase
                                )
                        )
                    ),
            ];
        }

        public IdentityTable Identities { get; } = new();

        public string Answer(PolicySet policies, TrafficDirection direction, JsonObject flow)
        {
            var (source, destination) = (
                PeerOf(flow["src"]!.GetValue<string>()),
                PeerOf(flow["dst"]!.GetValue<string>())
            );
            var (subject, peer) = direction is TrafficDirection.Egress ? (source, destination) : (destination, source);
            var protocol = flow["proto"]!.GetValue<string>() switch
            {
                "TCP" => L4Protocol.Tcp,
                "UDP" => L4Protocol.Udp,
                _ => L4Protocol.Sctp,
            };
            if (policies.RegenerationError(subject.Identity) is { } error)
                return $"error: {error}";
            var verdict = policies.Evaluate(
                direction,
                subject.Identity,
                peer,
                (ushort)flow["port"]!.GetValue<int>(),
                protocol
            );
            if (verdict.IsRedirect)
                return "redirect "
                    + string.Concat(
                        _requests.Select(r => verdict.Http!.Allows(r.Method, r.Path, r.Host, r.Headers) ? '1' : '0')
                    );
            if (!verdict.IsDrop)
                return "allow";
            return verdict.Reason is DropReason.DeniedByDenyRule ? "deny+denyRule" : "deny";
        }

        private Peer Pod(JsonObject header, JsonNode pod)
        {
            var name = pod["ns"]!.GetValue<string>();
            var labels = Strings(pod["labels"]!);
            labels["io.cilium.k8s.policy.serviceaccount"] = pod["sa"]?.GetValue<string>() ?? "default";
            var ports = pod["ports"]!
                .AsArray()
                .Select(p => new NamedPort(
                    p!["name"]!.GetValue<string>(),
                    (ushort)p["port"]!.GetValue<int>(),
                    Enum.Parse<L4Protocol>(p["protocol"]!.GetValue<string>(), ignoreCase: true)
                ));
            return new Peer(Identities.Pod(name, labels, Strings(header["namespaces"]![name]!), ports), 0);
        }

        private static Dictionary<string, string> Strings(JsonNode map) =>
            map.AsObject().ToDictionary(p => p.Key, p => p.Value!.GetValue<string>());

        private Peer PeerOf(string name)
        {
            if (_peers.TryGetValue(name, out var pod))
                return pod;
            var parts = name.Split(':');
            var identity = parts[0] switch
            {
                "host" => Identities.Host,
                "remote-node" => Identities.RemoteNode,
                "world" => Identities.World,
                "health" => Identities.Health,
                "unmanaged" => Identities.Unmanaged,
                "ingress" => Identities.Ingress,
                "kube-apiserver-remote" => Identities.KubeApiServerOnRemoteNode,
                "apiserver" => Identities.KubeApiServerOutside,
                _ => throw new InvalidDataException(name),
            };
            return new Peer(identity, parts.Length > 1 ? PolicyLab.Address(parts[1]) : 0);
        }
    }
}
