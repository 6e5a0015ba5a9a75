using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;

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
}
