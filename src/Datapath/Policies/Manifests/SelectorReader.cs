using System.Collections.Immutable;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Reads label selectors and adds the namespaces they imply.</summary>
internal static class SelectorReader
{
    private static readonly FieldTable s_selectorFields = new(["matchLabels", "matchExpressions"]);
    private static readonly FieldTable s_expressionFields = new(["key", "operator", "values"]);

    private static readonly string[] s_reservedNames =
    [
        "host",
        "remote-node",
        "world",
        "health",
        "init",
        "unmanaged",
        "ingress",
        "kube-apiserver",
    ];

    /// <summary>Reads a selector.</summary>
    /// <param name="field">The selector.</param>
    /// <param name="kubernetes">Whether it is a Kubernetes selector: keys have no source, they are all labels of pods
    /// or namespaces.</param>
    /// <param name="keyPrefix">Put before each key, to select namespaces by the labels that pods carry of them.</param>
    public static LabelSelector Read(ManifestField field, bool kubernetes, string keyPrefix = "")
    {
        List<LabelRequirement> requirements = [];
        Dictionary<string, ManifestField>? fields = field.Map(s_selectorFields, nullIsAbsent: kubernetes);
        if (fields is not null && fields.TryGetValue("matchLabels", out ManifestField labels))
        {
            foreach ((string key, ManifestField value) in labels.Entries())
            {
                if (
                    Key(value, key, kubernetes) is (var source, var name)
                    && value.Text() is { } text
                    && CheckValue(value, source, text)
                )
                    requirements.Add(new LabelRequirement(source, keyPrefix + name, LabelOperator.In, [text]));
            }
        }
        if (fields is not null && fields.TryGetValue("matchExpressions", out ManifestField expressions))
        {
            foreach (ManifestField expression in expressions.Items())
            {
                if (Expression(expression, kubernetes, keyPrefix) is { } requirement)
                    requirements.Add(requirement);
            }
        }
        return new LabelSelector([.. requirements]);
    }

    /// <summary>A CiliumNetworkPolicy's endpointSelector selects in the policy's namespace only; a match on another one
    /// is replaced (cilium, pkg/k8s/apis/cilium.io/utils). A clusterwide policy selects everywhere.</summary>
    public static LabelSelector InNamespace(LabelSelector selector, string policyNamespace)
    {
        if (policyNamespace.Length == 0)
            return selector;
        LabelSelector without = new([
            .. selector.Requirements.Where(r =>
                !(
                    r is
                    { Source: Label.Kubernetes, Key: Label.PodNamespace, Operator: LabelOperator.In, Values.Length: 1 }
                )
            ),
        ]);
        return without.With(LabelSelector.Equal(Label.Kubernetes, Label.PodNamespace, policyNamespace));
    }

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

    private static LabelRequirement? Expression(ManifestField expression, bool kubernetes, string keyPrefix)
    {
        Dictionary<string, ManifestField>? fields = expression.Map(s_expressionFields, nullIsAbsent: kubernetes);
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
        (string? Source, string Key)? key = keyField.Text() is { } text ? Key(keyField, text, kubernetes) : null;
        List<string> values = [];
        if (fields.TryGetValue("values", out ManifestField valuesField))
        {
            foreach (ManifestField item in valuesField.Items())
            {
                if (item.Text() is { } value && CheckValue(item, key?.Source, value))
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

    private static (string? Source, string Key)? Key(ManifestField field, string text, bool kubernetes)
    {
        (string? source, string key, string? error) = kubernetes
            ? (Label.Kubernetes, text, null)
            : LabelSyntax.SplitSource(text);
        error ??= LabelSyntax.KeyError(key);
        if (error is null && source == Label.Reserved && Array.IndexOf(s_reservedNames, key) < 0)
            error =
                $"the reserved labels are {string.Join(", ", s_reservedNames)}; "
                + "everything is selected by fromEntities or toEntities: [all]";
        if (error is null)
            return (source, key);
        field.Problems.Add(field.Node.Line, field.Path, text, error);
        return null;
    }

    private static bool CheckValue(ManifestField field, string? source, string value)
    {
        string? error =
            source == Label.Reserved && value.Length > 0
                ? "a reserved label has the empty value: \"\""
                : LabelSyntax.ValueError(value);
        if (error is not null)
            field.Report(error);
        return error is null;
    }
}
