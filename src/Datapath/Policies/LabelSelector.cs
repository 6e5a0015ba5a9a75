using System.Collections.Immutable;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>The operators of Kubernetes' matchExpressions.</summary>
public enum LabelOperator
{
    /// <summary>The label exists with one of the values.</summary>
    In,

    /// <summary>The label is absent, or its value is none of the values.</summary>
    NotIn,

    /// <summary>The label exists.</summary>
    Exists,

    /// <summary>The label is absent.</summary>
    DoesNotExist,
}

/// <summary>One condition of a selector.</summary>
/// <param name="Source">The required label source; null (no prefix, or <c>any:</c>) and <see
/// cref="Label.Unspecified"/> mean any source.</param>
/// <param name="Key">The key without a source.</param>
/// <param name="Operator">How the label is compared.</param>
/// <param name="Values">The values of <see cref="LabelOperator.In"/> and <see cref="LabelOperator.NotIn"/>; otherwise
/// empty.</param>
public sealed record LabelRequirement(string? Source, string Key, LabelOperator Operator, ImmutableArray<string> Values)
{
    internal bool Matches(ImmutableArray<Label> labels)
    {
        string? value = Find(labels);
        return Operator switch
        {
            LabelOperator.In => value is not null && Values.Contains(value),
            LabelOperator.NotIn => value is null || !Values.Contains(value),
            LabelOperator.Exists => value is not null,
            _ => value is null,
        };
    }

    private string? Find(ImmutableArray<Label> labels)
    {
        foreach (Label label in labels)
        {
            if (label.Key == Key && (Source is null or Label.Unspecified || label.Source == Source))
                return label.Value;
        }
        return null;
    }
}

/// <summary>A conjunction of label conditions; without conditions it matches everything.</summary>
/// <param name="Requirements">The conditions, all of which must hold.</param>
public sealed record LabelSelector(ImmutableArray<LabelRequirement> Requirements)
{
    /// <summary>Matches every identity.</summary>
    public static LabelSelector Everything { get; } = new([]);

    /// <summary>Whether all conditions hold for a set of labels.</summary>
    public bool Matches(ImmutableArray<Label> labels)
    {
        foreach (LabelRequirement requirement in Requirements)
        {
            if (!requirement.Matches(labels))
                return false;
        }
        return true;
    }

    internal bool HasKey(string? source, string key) => Requirements.Any(r => r.Key == key && r.Source == source);

    internal bool HasKeyPrefix(string? source, string prefix) =>
        Requirements.Any(r => r.Key.StartsWith(prefix, StringComparison.Ordinal) && r.Source == source);

    internal LabelSelector With(LabelRequirement requirement) => new(Requirements.Add(requirement));

    internal static LabelRequirement Equal(string source, string key, string value) =>
        new(source, key, LabelOperator.In, [value]);
}
