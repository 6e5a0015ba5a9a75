using System.Collections.Immutable;
using Microsoft.Extensions.Primitives;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>The HTTP rules that apply to a redirected connection: a request is allowed when any rule matches, or when
/// there are none. Equal when the same rules are in it, in whatever order.</summary>
public sealed class HttpRuleSet : IEquatable<HttpRuleSet>
{
    private readonly int _hash;

    private HttpRuleSet(ImmutableArray<HttpRule> rules)
    {
        Rules = rules;
        var combined = default(HashCode);
        foreach (HttpRule rule in rules)
            combined.Add(rule);
        _hash = combined.ToHashCode();
    }

    /// <summary>Traffic goes through the proxy and every request is allowed.</summary>
    public static HttpRuleSet AllowAll { get; } = new([]);

    /// <summary>The rules, without duplicates, in a fixed order; empty means every request is allowed.</summary>
    public ImmutableArray<HttpRule> Rules { get; }

    /// <summary>Whether every request is allowed.</summary>
    public bool AllowsEverything => Rules.IsEmpty;

    /// <summary>The union of rules. No rules, or a rule that asks for nothing, allow every request.</summary>
    public static HttpRuleSet Create(IEnumerable<HttpRule> rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        ImmutableArray<HttpRule> sorted = [.. rules.Distinct().OrderBy(r => r.Canonical, StringComparer.Ordinal)];
        return sorted.IsEmpty || sorted.Any(r => r.MatchesEverything) ? AllowAll : new HttpRuleSet(sorted);
    }

    /// <summary>The union of rule sets: one that allows everything makes the union allow everything.</summary>
    public static HttpRuleSet Union(IReadOnlyCollection<HttpRuleSet> sets)
    {
        ArgumentNullException.ThrowIfNull(sets);
        return sets.Any(s => s.AllowsEverything) ? AllowAll : Create(sets.SelectMany(s => s.Rules));
    }

    /// <summary>Whether a request is allowed; if not, the proxy answers 403.</summary>
    /// <param name="method">The method, as sent.</param>
    /// <param name="path">The path with its query string, as sent.</param>
    /// <param name="host">The Host header or <c>:authority</c>, as sent.</param>
    /// <param name="headers">The request's headers; null means none.</param>
    public bool Allows(string method, string path, string host, IDictionary<string, StringValues>? headers)
    {
        if (Rules.IsEmpty)
            return true;
        foreach (HttpRule rule in Rules)
        {
            if (rule.Matches(method, path, host, headers))
                return true;
        }
        return false;
    }

    public bool Equals(HttpRuleSet? other) =>
        ReferenceEquals(this, other) || (other is not null && _hash == other._hash && Rules.SequenceEqual(other.Rules));

    public override bool Equals(object? obj) => Equals(obj as HttpRuleSet);

    public override int GetHashCode() => _hash;

    public override string ToString() => Rules.IsEmpty ? "all requests" : string.Join(" | ", Rules);
}
