using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Validation;

/// <summary>Labels and what selects by them (apimachinery, pkg/apis/meta/v1/validation).</summary>
internal static class LabelRules
{
    /// <summary>Keys and values of a map of labels.</summary>
    public static IEnumerable<FieldError> Labels(JsonObject? labels, string path)
    {
        foreach (var (key, value) in labels ?? [])
        {
            foreach (var problem in Names.Key(key))
                yield return FieldError.Invalid(path, key, problem);
            if (value is JsonValue text)
                foreach (var problem in Names.LabelValue(text.ToString()))
                    yield return FieldError.Invalid(path, text.ToString(), problem);
        }
    }

    /// <summary>A selector of labels: matchLabels and matchExpressions.</summary>
    public static IEnumerable<FieldError> Selector(JsonObject? selector, string path)
    {
        foreach (var error in Labels(selector?.Object("matchLabels"), $"{path}.matchLabels"))
            yield return error;
        foreach (var (i, expression) in selector.Objects("matchExpressions").Index())
        {
            var at = $"{path}.matchExpressions[{i}]";
            foreach (var error in Expression(expression, at, "not a valid selector operator"))
                yield return error;
        }
    }

    /// <summary>A requirement of a selector of labels, or of nodes (with Gt and Lt).</summary>
    public static IEnumerable<FieldError> Expression(
        JsonObject expression,
        string path,
        string unknownOperator,
        bool ofNodes = false
    )
    {
        var (count, name) = ((expression["values"] as JsonArray)?.Count ?? 0, expression.Text("operator") ?? "");
        if (name is "In" or "NotIn" && count == 0)
            yield return FieldError.Required($"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'");
        else if (name is "Exists" or "DoesNotExist" && count > 0)
            yield return FieldError.Forbidden(
                $"{path}.values",
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            );
        else if (ofNodes && name is "Gt" or "Lt" && count != 1)
            yield return FieldError.Required(
                $"{path}.values",
                "must be specified single value when `operator` is 'Lt' or 'Gt'"
            );
        else if (name is not ("In" or "NotIn" or "Exists" or "DoesNotExist") && !(ofNodes && name is "Gt" or "Lt"))
            yield return FieldError.Invalid($"{path}.operator", name, unknownOperator);
        foreach (var problem in Names.Key(expression.Text("key") ?? ""))
            yield return FieldError.Invalid($"{path}.key", expression.Text("key") ?? "", problem);
    }

    /// <summary>Whether a selector has neither labels nor expressions.</summary>
    public static bool IsEmpty(JsonObject? selector) =>
        selector?.Object("matchLabels") is null or { Count: 0 } && !selector.Objects("matchExpressions").Any();

    /// <summary>Whether a selector matches labels; an empty one matches all.</summary>
    public static bool Selects(JsonObject selector, JsonObject? labels) =>
        (selector.Object("matchLabels") ?? []).All(l => JsonNode.DeepEquals(labels?[l.Key], l.Value))
        && selector
            .Objects("matchExpressions")
            .All(e =>
                Holds(
                    e.Text("operator") ?? "",
                    [.. (e["values"] as JsonArray ?? []).Select(v => v?.ToString() ?? "")],
                    labels?.Text(e.Text("key") ?? "")
                )
            );

    /// <summary>Whether an expression holds for a label's value; null: there is no such label.</summary>
    public static bool Holds(string @operator, IList<string>? values, string? value) =>
        @operator switch
        {
            "In" => value is not null && values?.Contains(value) is true,
            "NotIn" => value is null || values?.Contains(value) is not true,
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            _ => false,
        };
}
