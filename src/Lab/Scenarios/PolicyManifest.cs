using System.Collections.Immutable;
using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Releases;
using CiliumDebugging.ServiceDefaults.Files;

namespace CiliumDebugging.Lab.Scenarios;

/// <summary>A policy of a file: the object as the API takes it, and what the policy reader made of it.</summary>
/// <param name="Manifest">The object.</param>
/// <param name="Model">The policy.</param>
public sealed record PolicyManifest(JsonObject Manifest, NetworkPolicyModel Model)
{
    /// <summary>Largest file of a scenario that is read: 1 MiB.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Text of the file it was read from; empty when there is none.</summary>
    public string FileText { get; init; } = "";

    /// <summary>API group of the kind.</summary>
    public string Group => Model.Kind is PolicyKind.NetworkPolicy ? "networking.k8s.io" : "cilium.io";

    /// <summary>API version of the kind.</summary>
    public string Version => Model.Kind is PolicyKind.NetworkPolicy ? "v1" : "v2";

    /// <summary>Plural of the kind, as in URLs.</summary>
    public string Plural =>
        Model.Kind switch
        {
            PolicyKind.NetworkPolicy => "networkpolicies",
            PolicyKind.CiliumClusterwideNetworkPolicy => "ciliumclusterwidenetworkpolicies",
            _ => "ciliumnetworkpolicies",
        };

    /// <summary>The policy as a release of Cilium reads it, with what it means there that its text does not
    /// say.</summary>
    /// <exception cref="ScenarioException">The release refuses it.</exception>
    public (NetworkPolicyModel Policy, ImmutableArray<PolicyProblem> Notes) ReadFor(CiliumVersion release)
    {
        var read = PolicyReader.ReadJson(Manifest, Model.Source, release);
        return read.IsValid
            ? (read.Policies.Single(), read.Notes)
            : throw new ScenarioException(
                $"Cilium {release} refuses the policy: {string.Join(Environment.NewLine, read.Problems)}"
            );
    }

    /// <summary>Reads a file of one or more policies.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The policies, or every problem of the file.</returns>
    public static (ImmutableArray<PolicyManifest> Policies, ImmutableArray<string> Problems) ReadFile(string path)
    {
        string text;
        try
        {
            text = RegularFile.ReadText(path, MaxBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ([], [$"{path}: cannot be read: {e.Message}"]);
        }
        var read = PolicyReader.ReadYaml(text, Path.GetFileName(path));
        if (read.Problems.Length > 0)
            return ([], [.. read.Problems.Select(p => p.ToString())]);
        var documents = YamlManifest
            .Read(text)
            .Where(d => d.Type is ManifestType.Map)
            .Select(d => d.ToJson()!.AsObject());
        return (
            [
                .. documents.Zip(read.Policies, (manifest, model) =>
                    new PolicyManifest(manifest, model) { FileText = text }
                ),
            ],
            []
        );
    }
}
