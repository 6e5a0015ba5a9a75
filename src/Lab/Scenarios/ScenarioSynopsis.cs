namespace CiliumDebugging.Lab.Scenarios;

/// <summary>
/// A scenario in the catalogue's table: what people who have the problem say, and what is known of it.
///</summary>
/// <param name="Symptom">What people see, in the words of their reports.</param>
/// <param name="Mechanism">Why, in a few words.</param>
/// <param name="Releases">The releases of Cilium that show it, in words.</param>
/// <param name="Evidence"> How it is known: <c>real cluster</c> (with Cilium), <c>kube-proxy</c> (a real cluster
/// without Cilium), <c>real code</c> (of Cilium, outside of a cluster), <c>documented</c> or <c>prediction</c>, with a
/// remark after a semicolon where there is one.
/// </param>
public sealed record ScenarioSynopsis(string Symptom, string Mechanism, string Releases, string Evidence)
{
    /// <summary>The kinds of evidence, the strongest first.</summary>
    public static IReadOnlyList<string> KindsOfEvidence { get; } =
    ["real cluster", "kube-proxy", "real code", "documented", "prediction"];

    /// <summary>Whether the evidence begins with one of <see cref="KindsOfEvidence"/>.</summary>
    internal bool HasKnownEvidence => KindsOfEvidence.Contains(Evidence.Split(';', 2)[0], StringComparer.Ordinal);
}
