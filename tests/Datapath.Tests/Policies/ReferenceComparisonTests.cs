using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Testing;
using CsCheck;

namespace CiliumDebugging.Datapath.Tests.Policies;

public class ReferenceComparisonTests
{
    private static readonly (string Method, string Path)[] s_requests =
    [
        ("GET", "/"),
        ("POST", "/"),
        ("HEAD", "/public"),
        ("PUT", "/a"),
        ("GET", "/abc?x=1"),
        ("DELETE", "/b"),
    ];

    private static readonly ushort[] s_ports = [0, 1, 79, 80, 81, 82, 8079, 8080, 8081, 8082, 65535];

    [Fact]
    public void Any_set_of_policies_gives_the_verdicts_of_the_reference() =>
        Gen.Int.Sample(seed => Compare(seed).Count.ShouldBeGreaterThan(0), iter: 400, threads: 1);

    [Fact]
    public void The_random_policies_reach_every_kind_of_verdict()
    {
        List<string> verdicts = [.. Enumerable.Range(0, 150).SelectMany(Compare)];
        foreach (string kind in (string[])["allow", "deny", "denylist", "redirect 1", "redirect 0"])
            verdicts
                .Count(v =>
                    kind == v
                    || (v.StartsWith(kind, StringComparison.Ordinal) && kind.Contains(' ', StringComparison.Ordinal))
                )
                .ShouldBeGreaterThan(verdicts.Count / 200, kind);
        verdicts
            .Distinct()
            .Count(v => v.Contains('0', StringComparison.Ordinal) && v.Contains('1', StringComparison.Ordinal))
            .ShouldBeGreaterThan(5);
    }

    [Fact]
    public void The_order_of_policies_and_of_questions_does_not_matter() =>
        Gen.Int.Sample(
            seed =>
            {
                List<JsonObject> policies = new RandomPolicies(seed).Policies(6);
                var world = new World();
                NetworkPolicyModel[] read = [.. policies.SelectMany(p => PolicyReader.ReadJson(p, "test").Policies)];
                var forward = PolicySet.Create(read, world.Table);
                var backward = PolicySet.Create(read.Reverse(), world.Table);
                (EndpointIdentity Subject, Peer Peer, ushort Port)[] questions =
                [
                    .. from subject in world.All
                    from peer in world.All
                    from port in s_ports
                    select (subject.Identity, new Peer(peer.Identity, peer.Reference.Address), port),
                ];
                PolicyVerdict[] Ask(
                    PolicySet set,
                    IEnumerable<(EndpointIdentity Subject, Peer Peer, ushort Port)> queries
                ) =>
                    [
                        .. queries.Select(q =>
                            set.Evaluate(TrafficDirection.Ingress, q.Subject, q.Peer, q.Port, L4Protocol.Tcp)
                        ),
                    ];
                Ask(forward, questions).ShouldBe(Ask(backward, questions.Reverse()).Reverse());
            },
            iter: 50,
            threads: 1
        );

    /// <summary>Compares all directions, subjects and peers at ports where rules begin and end; the policies go through
    /// both readers.</summary>
    private static List<string> Compare(int seed)
    {
        var random = new RandomPolicies(seed);
        List<JsonObject> policies = random.Policies(6);
        string yaml = string.Join("\n---\n", policies.Select(p => p.ToJsonString()));
        PolicyReadResult read = PolicyReader.ReadYaml(policies.Count == 0 ? "# none" : yaml, "test");
        if (policies.Count > 0)
            read.Problems.ShouldBeEmpty(yaml);
        var world = new World();
        var fromYaml = PolicySet.Create(read.Policies, world.Table);
        var fromJson = PolicySet.Create(
            policies.SelectMany(p => PolicyReader.ReadJson(p, "test").Policies),
            world.Table
        );
        List<string> compared = [];
        for (int i = 0; i < 60; i++)
        {
            bool ingress = random.Chance(0.5);
            (EndpointIdentity subject, ReferencePeer subjectReference) = random.Pick(
                random.Chance(0.9) ? world.Pods : world.All
            );
            (EndpointIdentity peer, ReferencePeer peerReference) = random.Pick(world.All);
            ushort port = random.Chance(0.6) ? (ushort)80 : random.Pick(s_ports);
            L4Protocol protocol = random.Chance(0.8) ? L4Protocol.Tcp : random.Pick(Enum.GetValues<L4Protocol>());
            string expected = ReferenceEvaluation.Evaluate(
                policies,
                ingress,
                world.NamedPorts,
                subjectReference,
                peerReference,
                port,
                protocol.ToString().ToUpperInvariant(),
                s_requests
            );
            foreach (PolicySet set in (PolicySet[])[fromYaml, fromJson])
            {
                PolicyVerdict verdict = set.Evaluate(
                    ingress ? TrafficDirection.Ingress : TrafficDirection.Egress,
                    subject,
                    new Peer(peer, peerReference.Address),
                    port,
                    protocol
                );
                Describe(verdict)
                    .ShouldBe(
                        expected,
                        $"{(ingress ? "ingress" : "egress")} of {subjectReference.Name}, peer {peerReference.Name}, {port}/{protocol}\n{yaml}"
                    );
            }
            compared.Add(expected);
        }
        return compared;
    }

    private static string Describe(PolicyVerdict verdict) =>
        verdict switch
        {
            { Kind: VerdictKind.Allow } => "allow",
            { Reason: DropReason.PolicyDenied } => "deny",
            { Reason: DropReason.DeniedByDenyRule } => "denylist",
            _ => "redirect "
                + string.Concat(s_requests.Select(r => verdict.Http!.Allows(r.Method, r.Path, "h", null) ? '1' : '0')),
        };

    /// <summary>Pods of two namespaces and every reserved identity, with the reference's view of each.</summary>
    private sealed class World
    {
        public World()
        {
            foreach ((string space, string team) in ((string, string)[])[("a", "red"), ("b", "blue"), ("c", "blue")])
            {
                foreach (string app in (string[])["x", "y", ""])
                {
                    AddPod(space, team, app, null);
                    AddPod(space, team, app, app == "x" ? (ushort)80 : (ushort)8080);
                }
            }
            AddReserved(Table.Host, 0, "host");
            AddReserved(Table.RemoteNode, PolicyLab.Address("10.1.2.3"), "remote-node");
            AddReserved(Table.Health, 0, "health");
            AddReserved(Table.Init, 0, "init");
            AddReserved(Table.Unmanaged, 0, "unmanaged");
            AddReserved(Table.KubeApiServerOnHost, 0, "kube-apiserver", "host");
            AddReserved(Table.KubeApiServerOnRemoteNode, 0, "kube-apiserver", "remote-node");
            foreach (
                string address in (string[])
                    [
                        "10.0.0.1",
                        "10.1.0.1",
                        "10.1.2.1",
                        "10.255.255.255",
                        "11.0.0.0",
                        "192.0.2.1",
                        "192.0.2.2",
                        "255.255.255.255",
                    ]
            )
            {
                AddReserved(Table.World, PolicyLab.Address(address), "world");
                AddReserved(Table.KubeApiServerOutside, PolicyLab.Address(address), "kube-apiserver", "world");
            }
        }

        public IdentityTable Table { get; } = new();

        public List<(EndpointIdentity Identity, ReferencePeer Reference)> All { get; } = [];

        /// <summary>The named ports of all pods: the name web has two numbers.</summary>
        public IEnumerable<KeyValuePair<string, (int Port, string Protocol)>> NamedPorts =>
            All.SelectMany(p => p.Reference.Ports);

        /// <summary>The pods of the two namespaces that policies are about.</summary>
        public List<(EndpointIdentity Identity, ReferencePeer Reference)> Pods =>
            [.. All.Where(p => p.Reference.Namespace is "a" or "b")];

        private void AddPod(string space, string team, string app, ushort? web)
        {
            Dictionary<string, string> labels = app.Length == 0 ? new() { ["tier"] = "1" } : new() { ["app"] = app };
            NamedPort[] ports = web is null
                ? []
                : [new NamedPort("web", web.Value, L4Protocol.Tcp), new NamedPort("api", 81, L4Protocol.Tcp)];
            Dictionary<string, string> all = labels.ToDictionary(l => "k8s:" + l.Key, l => l.Value);
            all["k8s:io.kubernetes.pod.namespace"] = space;
            all["k8s:io.cilium.k8s.namespace.labels.team"] = team;
            Dictionary<string, (int, string)> named = ports.ToDictionary(p => p.Name, p => ((int)p.Port, "TCP"));
            All.Add(
                (
                    Table.Pod(space, labels, [KeyValuePair.Create("team", team)], ports),
                    new ReferencePeer($"{space}/{app}/{web}", all, named, PolicyLab.Address("10.1.2.9"))
                )
            );
        }

        private void AddReserved(EndpointIdentity identity, uint address, params string[] names) =>
            All.Add(
                (
                    identity,
                    new ReferencePeer(
                        string.Join('+', names),
                        names.ToDictionary(n => "reserved:" + n, _ => ""),
                        [],
                        address
                    )
                )
            );
    }
}
