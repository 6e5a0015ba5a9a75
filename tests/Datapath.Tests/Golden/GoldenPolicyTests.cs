using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Testing;

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
                if (read.IsValid && !acceptedByCilium)
                    differences.Add($"{golden["id"]}: accepted; Cilium: {accepted}");
                else if (!read.IsValid && acceptedByCilium && !KnownDifference.Explain(read))
                    differences.Add($"{golden["id"]}: refused: {string.Join(" | ", read.Problems)}");
            }
        }
        documents.ShouldBe(2592);
        differences.ShouldBeEmpty();
    }

    /// <summary>A class that no longer differs is to be removed from differences.txt.</summary>
    [Fact]
    public void Every_known_difference_has_an_example()
    {
        var cases = s_golden.Value.Cases.ToDictionary(c => c["id"]!.GetValue<string>(), Documents);
        foreach (var difference in KnownDifference.All)
        {
            var texts = difference.Example.Contains(':', StringComparison.Ordinal)
                ? [Rules(difference.Example)]
                : cases[difference.Example];
            var reads = texts.Select(t => PolicyReader.ReadYaml(t, "policy.yaml")).ToList();
            reads.SelectMany(r => r.Problems).ShouldContain(p => difference.Is(p), difference.ToString());
            reads.ShouldAllBe(r => KnownDifference.Explain(r), difference.ToString());
        }
    }

    [Fact]
    public void Verdicts_and_http_answers_are_ciliums()
    {
        var (world, cases) = s_golden.Value;
        List<string> differences = [];
        var verdicts = 0;
        var leftOut = 0;
        foreach (var golden in cases)
        {
            var reads = Documents(golden)
                .Zip(golden["accepted"]!.AsArray())
                .Where(p => p.Second!.GetValueKind() is JsonValueKind.True)
                .Select(p => PolicyReader.ReadYaml(p.First, "policy.yaml"))
                .ToList();
            if (reads.Exists(r => !r.IsValid))
            {
                leftOut++;
                continue;
            }
            var policies = PolicySet.Create(reads.SelectMany(r => r.Policies), world.Identities);
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
        leftOut.ShouldBe(6);
        verdicts.ShouldBe(18739);
        differences.ShouldBeEmpty();
    }

    private static string Rules(string example) =>
        example.StartsWith("NetworkPolicy ", StringComparison.Ordinal)
            ? PolicyLab.Kubernetes($"  {example["NetworkPolicy ".Length..]}")
            : PolicyLab.Backends($"  {example}");

    private static IEnumerable<string> Documents(JsonObject golden) =>
        golden["policies"]!.AsArray().Select(p => p!.GetValue<string>());

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
