using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.ClusterSetup.Kind.Programs;
using CiliumDebugging.Releases;

namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>
/// Installs Cilium by Helm, or changes what is installed. The release's description has a hash of version and values:
/// where it is the same, there is nothing to do.
///</summary>
internal sealed class InstallCilium(KindLab lab, CiliumVersion release) : ClusterStep
{
    private const string Repository = "https://helm.cilium.io/";
    private readonly KindOptions _options = lab.Plan.Options;

    public override string Title => $"install Cilium {release}";

    private string Values => lab.Plan.CiliumValues ?? "";

    private string Description
    {
        get
        {
            var inputs = string.Join('\n', [$"{release}", _options.Chart, Values, .. _options.Sets]);
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes(inputs));
            return $"cilium-debugging {Convert.ToHexStringLower(hash)[..16]}";
        }
    }

    private ProgramCall Upgrade =>
        new(
            "helm",
            [
                "upgrade",
                "--install",
                "cilium",
                .. _options.Chart is { } own
                    ? [own]
                    : (string[])["cilium", "--repo", Repository, "--version", release.ToString()],
                "--namespace",
                "kube-system",
                "--kubeconfig",
                lab.State.Kubeconfig,
                "--values",
                lab.State.CiliumValues,
                .. _options.Sets.SelectMany(s => (string[])["--set", s]),
                "--description",
                Description,
                "--timeout",
                "10m",
            ]
        )
        {
            Limit = TimeSpan.FromMinutes(12),
            IsLong = true,
        };

    /// <summary>
    /// The newest revision. <c>helm status</c> prints it as well, with the whole manifest on the same line.
    ///</summary>
    private ProgramCall Newest =>
        new(
            "helm",
            [
                "history",
                "cilium",
                "--max",
                "1",
                "--namespace",
                "kube-system",
                "--kubeconfig",
                lab.State.Kubeconfig,
                "--output",
                "json",
            ]
        );

    public override IEnumerable<string> Plan()
    {
        yield return $"# {lab.State.CiliumValues}";
        yield return Values;
        yield return Upgrade.ToString();
    }

    public override async Task<string?> DoneAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(lab.State.Kubeconfig))
            return null;
        var result = await lab.Programs.RunAsync(Newest, cancellationToken);
        if (result.ExitCode != 0)
            return result.Error.Contains("not found", StringComparison.OrdinalIgnoreCase)
                ? null
                : throw ProgramException.Failed(Newest, result);
        try
        {
            var revision = JsonNode.Parse(result.Output)?.AsArray().LastOrDefault();
            return (string?)revision?["status"] == "deployed" && (string?)revision?["description"] == Description
                ? "deployed with these values"
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw ProgramException.Garbled(Newest, result.Output, "the revisions of a release as JSON");
        }
    }

    public override async Task DoAsync(Action<string> say, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(lab.State.CiliumValues, Values, cancellationToken);
        say(Upgrade.ToString());
        await lab.Programs.ReadAsync(Upgrade, cancellationToken);
    }
}
