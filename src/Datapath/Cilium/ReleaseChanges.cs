using System.Collections.Immutable;

namespace CiliumDebugging.Datapath.Cilium;

/// <summary>How it is known that a release behaves in a way.</summary>
public enum ReleaseEvidence
{
    /// <summary>Cilium's own code of such a release was run.</summary>
    Run,

    /// <summary>Read in Cilium's source, an issue or a pull request.</summary>
    Read,

    /// <summary>Inferred from neighbouring releases or from a report. Unverified.</summary>
    Unverified,
}

/// <summary>A behaviour that changed with a release.</summary>
/// <param name="What">What is the case from then on.</param>
/// <param name="Since">The first release.</param>
/// <param name="Source">The commit, issue or pull request; empty where none is known.</param>
/// <param name="Evidence">How it is known.</param>
public sealed record ReleaseChange(string What, CiliumVersion Since, string Source, ReleaseEvidence Evidence)
{
    /// <summary>Whether a release has it.</summary>
    public bool In(CiliumVersion release) => release.IsAtLeast(Since);
}

/// <summary>What changed with Cilium's releases, as far as the emulator follows it. The one place that knows a release
/// number.</summary>
public static class ReleaseChanges
{
    /// <summary>The newest release whose code was run to compare with. Policies are read as it reads them where no
    /// release is given.</summary>
    public static CiliumVersion Compared { get; } = new(1, 19, 4);

    /// <summary>CIDR rules need a prefix length: <c>192.0.2.1/32</c>.</summary>
    public static ReleaseChange CidrNeedsPrefix { get; } =
        new("fromCIDR and toCIDR need a prefix length", new(1, 16, 0), "", ReleaseEvidence.Run);

    /// <summary>A policy whose sections are all empty lists is refused.</summary>
    public static ReleaseChange EmptySectionsRefused { get; } =
        new("a policy whose sections are all empty is refused", new(1, 18, 0), "", ReleaseEvidence.Run);

    /// <summary><c>enableDefaultDeny: false</c> beside HTTP rules redirects and allows every request, unless another
    /// policy begins default deny; before, the rules were enforced.</summary>
    public static ReleaseChange NoDefaultDenyAllowsHttp { get; } =
        new(
            "http rules of a section without default deny allow every request",
            new(1, 18, 0),
            "https://github.com/cilium/cilium/issues/38841",
            ReleaseEvidence.Run
        );

    /// <summary><c>enableDefaultDeny: true</c> has an effect only with rules in its direction.</summary>
    public static ReleaseChange DefaultDenyNeedsRules { get; } =
        new("enableDefaultDeny lives on the rules of its direction", new(1, 19, 0), "", ReleaseEvidence.Run);

    /// <summary>Peers selected by labels are peers of this cluster (<c>policy-default-local-cluster</c>), so that
    /// <c>DoesNotExist</c> and <c>NotIn</c> do not match the world or nodes.</summary>
    public static ReleaseChange PeersAreOfThisCluster { get; } =
        new("peers selected by labels are peers of this cluster", new(1, 19, 0), "", ReleaseEvidence.Run);

    /// <summary>An <c>ipBlock</c> in the ingress of a NetworkPolicy also allows all Pods of its namespace: a bug of
    /// Cilium's. Which release began it is not known.</summary>
    public static ReleaseChange IpBlockAllowsNamespace { get; } =
        new(
            "an ipBlock in ingress also allows the Pods of the policy's namespace",
            new(1, 19, 0),
            "",
            ReleaseEvidence.Run
        );
}
