using System.Collections.Immutable;

namespace CiliumDebugging.Releases;

/// <summary>How it is known that a release behaves in a way.</summary>
public enum ChangeEvidence
{
    /// <summary>Cilium's own code of such a release was run.</summary>
    Run,

    /// <summary>Read in Cilium's source, its documentation, an issue or a pull request.</summary>
    Read,

    /// <summary>Reported by a user or a maintainer; code that was run did not show it.</summary>
    Reported,
}

/// <summary>A behaviour that changed with a release.</summary>
/// <param name="What">What is the case in these releases: a clause that follows "upgrade to Cilium N or
/// later:".</param>
/// <param name="Since">The first release.</param>
/// <param name="Source">The commit, issue or pull request, as GitHub links it; empty where none is known.</param>
/// <param name="Evidence">How it is known.</param>
public sealed record ReleaseChange(string What, CiliumVersion Since, string Source, ChangeEvidence Evidence)
{
    /// <summary>The first release that no longer has it; null: none.</summary>
    public CiliumVersion? Until { get; init; }

    /// <summary>Patch releases of earlier minor releases from which on these have it, too.</summary>
    public ImmutableArray<CiliumVersion> Backports { get; init; } = [];

    /// <summary>The source, or that the change was not traced to one.</summary>
    public string SourceOrUnverified => Source.Length > 0 ? Source : "unverified";

    /// <summary>Whether a release has it.</summary>
    public bool In(CiliumVersion release)
    {
        if (release >= Since && (Until is not { } end || release < end))
            return true;
        foreach (var patch in Backports)
            if ((patch.Major, patch.Minor) == (release.Major, release.Minor) && release >= patch)
                return true;
        return false;
    }

    /// <summary>Whether a release has it; null where the release is unknown.</summary>
    public bool? In(CiliumVersion? release) => release is { } known ? In(known) : null;
}
