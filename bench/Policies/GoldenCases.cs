using System.Globalization;
using System.IO.Compression;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Datapath.Tests.Golden;
using CiliumDebugging.Datapath.Tests.Policies;

namespace CiliumDebugging.Bench.Policies;

/// <summary>
/// <c>cases COUNT [SEED]</c>: prints random cases with the lab's own answers, in the format of
/// tests/Datapath.Tests/Golden/policies.jsonl.gz and in its world, so that real Cilium can be run beside the lab again.
/// </summary>
internal static class GoldenCases
{
    /// <summary>80 often: most HTTP rules are for it.</summary>
    private static readonly int[] s_ports = [53, 80, 80, 80, 81, 90, 443, 8080, 8081, 9090, 20_000];
    private static readonly string[] s_protocols = ["TCP", "TCP", "TCP", "UDP", "SCTP"];

    private static readonly JsonSerializerOptions s_plain = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Peers other than Pods.</summary>
    private static readonly string[] s_others =
    [
        "host",
        "remote-node",
        "health",
        "unmanaged",
        "ingress",
        "world:10.1.2.3",
        "world:192.0.2.1",
        "world:8.8.8.8",
        "apiserver:203.0.113.5",
    ];

    public static int Run(string[] arguments)
    {
        if (
            arguments is not [var countText, ..]
            || !int.TryParse(countText, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            || !int.TryParse(
                arguments.ElementAtOrDefault(1) ?? "1",
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var seed
            )
        )
        {
            Console.Error.WriteLine("cases COUNT [SEED]: how many cases to print, and the random seed of the first");
            return 1;
        }
        using var file = File.OpenRead(GoldenData.PathOf("policies.jsonl.gz"));
        using var text = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
        var header = JsonNode.Parse(text.ReadLine()!)!.AsObject();
        Console.WriteLine(header.ToJsonString(s_plain));
        for (var i = 0; i < count; i++)
            Console.WriteLine(Case(header, seed + i).ToJsonString(s_plain));
        return 0;
    }

    private static JsonObject Case(JsonObject header, int seed)
    {
        var world = new GoldenWorld(header);
        var random = new RandomPolicies(seed);
        var edges = new EdgePolicies(random);
        var documents = random.Policies(4).Select(p => edges.Changed(p).ToJsonString(s_plain)).ToList();
        var read = documents.Select(d => PolicyReader.ReadYaml(d, "policy.yaml")).ToList();
        var policies = PolicySet.Create(read.SelectMany(r => r.Policies), world.Identities);
        return new JsonObject
        {
            ["id"] = $"lab-{seed}",
            ["policies"] = new JsonArray([.. documents.Select(d => (JsonNode)d)]),
            ["accepted"] = new JsonArray([
                .. read.Select(r => (JsonNode)(r.IsValid ? true : string.Join(" | ", r.Problems))),
            ]),
            ["flows"] = new JsonArray([.. Enumerable.Range(0, 10).Select(_ => Flow(world, policies, random))]),
        };
    }

    private static JsonObject Flow(GoldenWorld world, PolicySet policies, RandomPolicies random)
    {
        var pods = world.Pods.ToList();
        string Peer() => random.Chance(0.6) ? random.Pick(pods) : random.Pick(s_others);
        // One end at least is a Pod, and others do not talk to themselves.
        var (source, destination) = (Peer(), random.Pick(pods));
        if (random.Chance(0.5))
            (source, destination) = (destination, source);
        var flow = new JsonObject
        {
            ["src"] = source,
            ["dst"] = destination,
            ["port"] = random.Pick(s_ports),
            ["proto"] = random.Pick(s_protocols),
        };
        if (pods.Contains(source))
            flow["egress"] = world.Answer(policies, TrafficDirection.Egress, flow);
        if (pods.Contains(destination))
            flow["ingress"] = world.Answer(policies, TrafficDirection.Ingress, flow);
        return flow;
    }
}
