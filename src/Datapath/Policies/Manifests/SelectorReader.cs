using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>What a selector's keys are.</summary>
internal enum SelectorKind
{
    /// <summary>Keys with the source of a label, or any.</summary>
    Cilium,

    /// <summary>A Kubernetes selector: keys without a source, all labels of Pods or namespaces.</summary>
    Kubernetes,

    /// <summary>Labels of CiliumCIDRGroups: a key has no source (cilium, GetSourcePrefixKeyExtender).</summary>
    CidrGroups,

    /// <summary>Labels of Services: a key may have a source, which is not looked at (cilium,
    /// pkg/policy/k8s/service.go).</summary>
    Services,
}

/// <summary>Reads label selectors and adds the namespaces they imply.</summary>
internal static class SelectorReader
{
    private static readonly FieldTable s_selectorFields = new(["matchLabels", "matchExpressions"]);
    private static readonly FieldTable s_expressionFields = new(["key", "operator", "values"]);

    /// <summary>Reads a selector.</summary>
    /// <param name="field">The selector.</param>
    /// <param name="kind">What its keys are.</param>
    /// <param name="keyPrefix">Put before each key, to select namespaces by the labels that pods carry of them.</param>
    /// <param name="impliesNamespace">Whether the policy's own namespace takes the place of one that its labels name: so
    /// for the subject of a policy with a namespace, and for the Pods of a NetworkPolicy's own namespace.</param>
    public static LabelSelector Read(
        ManifestField field,
        SelectorKind kind,
        string keyPrefix = "",
        bool impliesNamespace = false
    )
    {
        List<LabelRequirement> requirements = [];
        Dictionary<string, ManifestField>? fields = field.Map(
            s_selectorFields,
            nullIsAbsent: kind == SelectorKind.Kubernetes
        );
        if (fields is not null && fields.TryGetValue("matchLabels", out ManifestField labels))
        {
            foreach ((string key, ManifestField value) in labels.Entries())
            {
                if (Key(value, key, kind) is not (var source, var name))
                    continue;
                if (value.Text() is not { } text || !CheckValue(value, text))
                    continue;
                // One in an expression stays beside it (cilium, pkg/k8s/apis/cilium.io/utils; parsePodSelector).
                if (!impliesNamespace || (source, name) is not (Label.Kubernetes, Label.PodNamespace))
                    requirements.Add(new LabelRequirement(source, keyPrefix + name, LabelOperator.In, [text]));
            }
        }
        if (fields is not null && fields.TryGetValue("matchExpressions", out ManifestField expressions))
        {
            foreach (ManifestField expression in expressions.Items())
            {
                if (Expression(expression, kind, keyPrefix) is { } requirement)
                    requirements.Add(requirement);
            }
        }
        return new LabelSelector([.. requirements]);
    }

    /// <summary>A CiliumNetworkPolicy selects in its own namespace only; a clusterwide policy everywhere.</summary>
    public static LabelSelector InNamespace(LabelSelector selector, string policyNamespace) =>
        policyNamespace.Length == 0
            ? selector
            : selector.With(LabelSelector.Equal(Label.Kubernetes, Label.PodNamespace, policyNamespace));

    /// <summary>A peer selected by labels is one of this cluster, unless it names a cluster.</summary>
    public static LabelSelector ImplyCluster(LabelSelector selector, CiliumVersion release) =>
        !ReleaseChanges.PeersAreOfThisCluster.In(release)
        || selector.HasKeyPrefix(Label.Reserved, "")
        || selector.HasKey(Label.Kubernetes, Label.Cluster)
        || selector.HasKey(null, Label.Cluster)
            ? selector
            : selector.With(LabelSelector.Equal(Label.Kubernetes, Label.Cluster, IdentityTable.DefaultCluster));

    /// <summary>A peer without a namespace of its own is one in the policy's namespace; in a clusterwide policy, any
    /// pod. Reserved labels imply nothing, nor does a match on labels of namespaces.</summary>
    public static LabelSelector ImplyPeerNamespace(LabelSelector selector, string policyNamespace, bool subjectIsInit)
    {
        if (
            selector.HasKeyPrefix(Label.Reserved, "")
            || selector.HasKey(Label.Kubernetes, Label.PodNamespace)
            || selector.HasKey(null, Label.PodNamespace)
        )
            return selector;
        if (policyNamespace.Length == 0)
        {
            return subjectIsInit
                ? selector
                : selector.With(new LabelRequirement(Label.Kubernetes, Label.PodNamespace, LabelOperator.Exists, []));
        }
        return
            selector.HasKeyPrefix(Label.Kubernetes, Label.NamespaceLabelPrefix)
            || selector.HasKeyPrefix(null, Label.NamespaceLabelPrefix)
            ? selector
            : selector.With(LabelSelector.Equal(Label.Kubernetes, Label.PodNamespace, policyNamespace));
    }

    private static LabelRequirement? Expression(ManifestField expression, SelectorKind kind, string keyPrefix)
    {
        Dictionary<string, ManifestField>? fields = expression.Map(
            s_expressionFields,
            nullIsAbsent: kind == SelectorKind.Kubernetes
        );
        if (fields is null)
            return null;
        if (
            !fields.TryGetValue("key", out ManifestField keyField)
            || !fields.TryGetValue("operator", out ManifestField operatorField)
        )
        {
            expression.Report("a match expression needs 'key' and 'operator'");
            return null;
        }
        LabelOperator? @operator = operatorField.Text() switch
        {
            "In" => LabelOperator.In,
            "NotIn" => LabelOperator.NotIn,
            "Exists" => LabelOperator.Exists,
            "DoesNotExist" => LabelOperator.DoesNotExist,
            _ => null,
        };
        if (@operator is null)
            operatorField.Report("the operator must be In, NotIn, Exists or DoesNotExist");
        (string? Source, string Key)? key = keyField.Text() is { } text ? Key(keyField, text, kind) : null;
        List<string> values = [];
        if (fields.TryGetValue("values", out ManifestField valuesField))
        {
            foreach (ManifestField item in valuesField.Items())
            {
                if (item.Text() is { } value && CheckValue(item, value))
                    values.Add(value);
            }
        }
        bool hasValues = valuesField.Node is { Items.Count: > 0 };
        bool needsValues = @operator is LabelOperator.In or LabelOperator.NotIn;
        if (@operator is not null && needsValues != hasValues)
            expression.Report(
                needsValues ? $"{@operator} needs at least one entry in 'values'" : $"{@operator} takes no 'values'"
            );
        return key is null || @operator is null
            ? null
            : new LabelRequirement(key.Value.Source, keyPrefix + key.Value.Key, @operator.Value, [.. values]);
    }

    private static (string? Source, string Key)? Key(ManifestField field, string text, SelectorKind kind)
    {
        bool hasNoSource = kind is SelectorKind.Kubernetes or SelectorKind.CidrGroups;
        (string? source, string key) = hasNoSource ? (null, text) : LabelSyntax.SplitSource(text);
        string? error = kind switch
        {
            SelectorKind.Kubernetes => LabelSyntax.KeyError(key),
            SelectorKind.CidrGroups => LabelSyntax.SelectorKeyError(Label.CidrGroup, key),
            _ => LabelSyntax.SelectorKeyError(source, key),
        };
        if (error is null)
        {
            return kind switch
            {
                SelectorKind.Kubernetes => (Label.Kubernetes, key),
                SelectorKind.CidrGroups => (Label.CidrGroup, key),
                SelectorKind.Services => (null, key),
                _ => (source, key),
            };
        }
        field.Problems.Add(field.Node.Line, field.Path, text, error);
        return null;
    }

    private static bool CheckValue(ManifestField field, string value)
    {
        string? error = LabelSyntax.ValueError(value);
        if (error is not null)
            field.Report(error);
        return error is null;
    }
}
