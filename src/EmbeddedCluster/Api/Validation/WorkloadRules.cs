using System.Globalization;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Validation;

/// <summary>
/// What must hold for Deployments, ReplicaSets, DaemonSets and Jobs (kubernetes, pkg/apis/apps/validation and
/// pkg/apis/batch/validation).
/// </summary>
internal static class WorkloadRules
{
    private const string UidLabel = "batch.kubernetes.io/controller-uid";
    private const string PercentRule =
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used "
        + "for validation is '[0-9]+%')";

    private static readonly string[] s_limits = ["maxUnavailable", "maxSurge"];

    public static IEnumerable<FieldError> Deployment(JsonObject o)
    {
        var spec = o.Object("spec");
        var seconds = spec?.NumberAt("progressDeadlineSeconds");
        return
        [
            .. Checks.NotNegative(spec, "spec", "replicas"),
            .. Selecting(spec, "empty selector is invalid for deployment"),
            .. Forever(spec),
            .. Strategy(spec, "strategy", "Recreate", "RollingUpdate"),
            .. Checks.NotNegative(spec, "spec", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"),
            .. seconds <= (spec!.NumberAt("minReadySeconds") ?? 0)
                ? [FieldError.Invalid("spec.progressDeadlineSeconds", seconds, "must be greater than minReadySeconds")]
                : Array.Empty<FieldError>(),
        ];
    }

    public static IEnumerable<FieldError> ReplicaSet(JsonObject o) =>
        [
            .. Checks.NotNegative(o.Object("spec"), "spec", "replicas", "minReadySeconds"),
            .. Selecting(o.Object("spec"), "empty selector is invalid for deployment"),
            .. Forever(o.Object("spec")),
        ];

    public static IEnumerable<FieldError> DaemonSet(JsonObject o) =>
        [
            .. Selecting(o.Object("spec"), "empty selector is invalid for daemonset"),
            .. Forever(o.Object("spec")),
            .. Strategy(o.Object("spec"), "updateStrategy", "RollingUpdate", "OnDelete"),
            .. Checks.NotNegative(o.Object("spec"), "spec", "minReadySeconds", "revisionHistoryLimit"),
        ];

    public static IEnumerable<FieldError> Job(JsonObject o)
    {
        var spec = o.Object("spec");
        string[] numbers = "parallelism completions activeDeadlineSeconds backoffLimit ttlSecondsAfterFinished".Split(
            ' '
        );
        return
        [
            .. Checks.NotNegative(spec, "spec", numbers),
            .. OwnSelector(o, spec),
            .. Labelled(spec),
            .. PodRules.Spec(Pod(spec), "spec.template.spec"),
            .. Pod(spec)?.Text("restartPolicy") is "OnFailure" or "Never"
                ? Array.Empty<FieldError>()
                : [FieldError.Required("spec.template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\"")],
        ];
    }

    private static JsonObject? Pod(JsonObject? spec) => spec?.Object("template")?.Object("spec");

    /// <summary>
    /// A Job selects by labels that it alone has, unless manualSelector says that the selector is its own.
    /// </summary>
    private static IEnumerable<FieldError> OwnSelector(JsonObject job, JsonObject? spec)
    {
        if (spec?["manualSelector"] is { } manual && manual.ToString() == "true")
            yield break;
        if (
            spec?.Object("selector") is { } selector
            && !(
                selector.Object("matchLabels") is { Count: 1 } labels
                && labels.Text(UidLabel) == job.TextAt("metadata.uid")
                && selector["matchExpressions"] is null
            )
        )
            yield return FieldError.Invalid("spec.selector", selector.DeepClone(), "`selector` not auto-generated");
    }

    /// <summary>A selector that is there, is not empty and selects the template's labels.</summary>
    private static IEnumerable<FieldError> Selecting(JsonObject? spec, string emptyProblem)
    {
        var selector = spec?.Object("selector");
        if (selector is null)
            yield return FieldError.Required("spec.selector");
        foreach (var error in LabelRules.Selector(selector, "spec.selector"))
            yield return error;
        if (selector is not null && LabelRules.IsEmpty(selector))
            yield return FieldError.Invalid("spec.selector", selector.DeepClone(), emptyProblem);
        else
            foreach (var error in Labelled(spec))
                yield return error;
    }

    private static IEnumerable<FieldError> Labelled(JsonObject? spec)
    {
        var labels = spec?.Object("template")?.Object("metadata")?.Object("labels");
        if (spec?.Object("selector") is not { } selector || !LabelRules.Selects(selector, labels))
            yield return FieldError.Invalid(
                "spec.template.metadata.labels",
                labels?.DeepClone() ?? new JsonObject(),
                "`selector` does not match template `labels`"
            );
        foreach (var error in LabelRules.Labels(labels, "spec.template.labels"))
            yield return error;
    }

    /// <summary>The template of Pods that are replaced when they end.</summary>
    private static IEnumerable<FieldError> Forever(JsonObject? spec)
    {
        var pod = Pod(spec);
        foreach (var error in PodRules.Spec(pod, "spec.template.spec"))
            yield return error;
        foreach (var error in Checks.OneOf(pod, "spec.template.spec", "restartPolicy", "Always"))
            yield return error;
        if (pod?["activeDeadlineSeconds"] is not null)
            yield return FieldError.Forbidden(
                "spec.template.spec.activeDeadlineSeconds",
                "activeDeadlineSeconds in ReplicaSet is not Supported"
            );
    }

    private static IEnumerable<FieldError> Strategy(JsonObject? spec, string name, params string[] types)
    {
        if (spec?.Object(name) is not { } strategy)
            yield break;
        var (at, type) = ($"spec.{name}", strategy.Text("type") ?? "");
        if (!types.Contains(type, StringComparer.Ordinal))
        {
            yield return FieldError.Unsupported(at, strategy.DeepClone(), types);
            yield break;
        }
        if (strategy.Object("rollingUpdate") is not { } limits)
            yield break;
        if (type == "Recreate")
        {
            yield return FieldError.Forbidden(
                $"{at}.rollingUpdate",
                "may not be specified when strategy `type` is 'Recreate'"
            );
            yield break;
        }
        if (type != "RollingUpdate")
            yield break;
        at = $"{at}.rollingUpdate";
        foreach (var limit in s_limits)
        foreach (var error in Limit(limits[limit], $"{at}.{limit}", mayExceed: limit == "maxSurge"))
            yield return error;
        if (!IsZero(limits["maxUnavailable"]) || !IsZero(limits["maxSurge"]))
            yield break;
        var bothZero = name == "strategy" ? "may not be 0 when `maxSurge` is 0" : "cannot be 0";
        yield return FieldError.Invalid($"{at}.maxUnavailable", limits["maxUnavailable"]?.DeepClone(), bothZero);
    }

    private static bool IsZero(JsonNode? limit) => limit is null || limit.ToString() is "0" or "0%";

    /// <summary>A number of Pods, or a share of them in per cent.</summary>
    private static IEnumerable<FieldError> Limit(JsonNode? limit, string path, bool mayExceed)
    {
        if (limit is not JsonValue value)
            yield break;
        if (!value.TryGetValue<string>(out var text))
        {
            if (long.TryParse(value.ToJsonString(), out var number) && number < 0)
                yield return FieldError.Invalid(path, number, "must be greater than or equal to 0");
            yield break;
        }
        var isShare = text.EndsWith('%');
        if (!isShare || !uint.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var percent))
            yield return FieldError.Invalid(path, text, PercentRule);
        else if (percent > 100 && !mayExceed)
            yield return FieldError.Invalid(path, text, "must not be greater than 100%");
    }
}
