using System.Globalization;

namespace CiliumDebugging.Lab.Scenarios;

/// <summary>Reads the steps that change a Deployment.</summary>
internal static class DeploymentSteps
{
    /// <summary>The step; null when it cannot be read, with the reasons in <paramref name="problems"/>.</summary>
    /// <param name="step"><c>scale</c> or <c>rollout</c>, with its fields.</param>
    /// <param name="at">Where it is, such as <c>steps[2]</c>.</param>
    /// <param name="problems">Receives what is wrong.</param>
    public static ScenarioStep? Read(KeyValuePair<string, object?> step, string at, List<string> problems)
    {
        var (kind, path, before) = (step.Key, $"{at}.{step.Key}", problems.Count);
        if (step.Value is not IDictionary<object, object> given)
        {
            problems.Add($"{path} must be fields, such as {(kind == "scale" ? "{replicas: 5}" : "{}")}");
            return null;
        }
        var fields = given.ToDictionary(f => $"{f.Key}", f => $"{f.Value}", StringComparer.Ordinal);
        fields.Remove("deployment", out var deployment);
        if (deployment is "")
            problems.Add($"{path}.deployment has no name");
        ScenarioStep read =
            kind == "scale"
                ? new ScaleStep(Number("replicas", 0, 1000) ?? Missing("replicas"), deployment)
                : new RolloutStep(
                    deployment,
                    Number("preStopSeconds", 0, 3600),
                    Number("terminationGracePeriodSeconds", 1, 3600)
                );
        foreach (var unknown in fields.Keys)
            problems.Add(
                $"{path}.{unknown} is unknown; fields are deployment, "
                    + (kind == "scale" ? "replicas" : "preStopSeconds, terminationGracePeriodSeconds")
            );
        return problems.Count == before ? read : null;

        int? Number(string name, int min, int max)
        {
            if (!fields.Remove(name, out var text))
                return null;
            if (
                int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                && value >= min
                && value <= max
            )
                return value;
            problems.Add($"{path}.{name} '{text}' must be from {min} to {max}");
            return 0;
        }

        int Missing(string name)
        {
            problems.Add($"{path}.{name} is missing");
            return 0;
        }
    }
}
