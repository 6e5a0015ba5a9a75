using System.Collections.Immutable;
using System.Text.Json.Nodes;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Reads CiliumCIDRGroup objects as an API server stores them.</summary>
public static class CidrGroupReader
{
    private static readonly FieldTable s_specFields = new(["externalCIDRs"]);

    /// <summary>Reads a group.</summary>
    /// <param name="obj">The object, with the metadata of a stored one.</param>
    /// <param name="source">Named in problems.</param>
    /// <returns>The group, or its problems.</returns>
    public static (CidrGroup? Group, ImmutableArray<PolicyProblem> Problems) ReadJson(JsonObject obj, string source)
    {
        ArgumentNullException.ThrowIfNull(obj);
        ArgumentNullException.ThrowIfNull(source);
        var problems = new ProblemList(source, ReleaseChanges.Compared);
        List<CidrBlock> blocks = [];
        try
        {
            if (obj["spec"] is JsonObject spec)
                blocks = Blocks(new ManifestField(JsonManifest.Read(spec), "spec", problems));
            else
                problems.Add(0, "spec", "", "'spec' with externalCIDRs is missing");
        }
        catch (ManifestException exception)
        {
            problems.Add(exception.Line, "spec", "", exception.Message);
        }
        string name = obj["metadata"]?["name"]?.ToString() ?? "";
        var labels = (obj["metadata"]?["labels"] as JsonObject ?? [])
            .Select(l => KeyValuePair.Create(l.Key, l.Value?.ToString() ?? ""))
            .ToList();
        return problems.Count == 0 ? (new CidrGroup(name, labels, [.. blocks]), []) : (null, [.. problems.All]);
    }

    private static List<CidrBlock> Blocks(ManifestField spec)
    {
        List<CidrBlock> blocks = [];
        if (spec.Map(s_specFields) is not { } fields)
            return blocks;
        if (!fields.TryGetValue("externalCIDRs", out ManifestField list))
        {
            spec.Report("'externalCIDRs' is missing");
            return blocks;
        }
        foreach (ManifestField item in list.Items())
        {
            if (CidrReader.Block(item) is { } block)
                blocks.Add(block);
        }
        return blocks;
    }
}
