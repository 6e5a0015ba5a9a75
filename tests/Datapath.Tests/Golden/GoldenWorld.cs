using System.Net;
using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Policies;
using Microsoft.Extensions.Primitives;

namespace CiliumDebugging.Datapath.Tests.Golden;

/// <summary>The namespaces, pods and requests of the first line.</summary>
internal sealed class GoldenWorld
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
                            .ToDictionary(h => h.Key, h => new StringValues([.. h]), StringComparer.OrdinalIgnoreCase)
                    )
                ),
        ];
    }

    /// <summary>The Pods, as namespace/name.</summary>
    public IEnumerable<string> Pods => _peers.Keys;

    public IdentityTable Identities { get; } = new();

    public string Answer(PolicySet policies, TrafficDirection direction, JsonObject flow)
    {
        var (source, destination) = (PeerOf(flow["src"]!.GetValue<string>()), PeerOf(flow["dst"]!.GetValue<string>()));
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
        return new Peer(identity, parts.Length > 1 ? TcpEndpoint.AddressOf(IPAddress.Parse(parts[1])) : 0);
    }
}
