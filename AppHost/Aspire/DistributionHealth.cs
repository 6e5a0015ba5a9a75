using CiliumDebugging.LoadTest.Page;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CiliumDebugging.AppHost;

/// <summary>The health of what the load test sees: degraded while the load is skewed, unhealthy while requests fail; its description names both.</summary>
internal sealed class DistributionHealth(DistributionResource resource) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(resource.Session is { } session ? Of(session.Feed.State) : HealthCheckResult.Healthy("no run yet"));

    /// <summary>The health in a state of the lab.</summary>
    public static HealthCheckResult Of(LabState state) => StatusOf(state) switch
    {
        HealthStatus.Unhealthy => HealthCheckResult.Unhealthy(Describe(state)),
        HealthStatus.Degraded => HealthCheckResult.Degraded(Describe(state)),
        _ => HealthCheckResult.Healthy(state.Situation.Headline),
    };

    /// <summary>The status alone.</summary>
    public static HealthStatus StatusOf(LabState state) => state.Situation.Kind switch
    {
        "failing" => HealthStatus.Unhealthy,
        "skewed" => HealthStatus.Degraded,
        _ => HealthStatus.Healthy,
    };

    private static string Describe(LabState state)
    {
        var mechanism = state.Diagnosis is { Name: not ("even" or "unknown") } named ? $" ({named.Name})" : "";
        return $"{state.Situation.Headline}{mechanism}. Answers: {state.Situation.Answers}. {(state.Situation.Silent.Length > 0 ? $"Do not: {state.Situation.Silent}. " : "")}Since {state.Situation.Since}, after {state.Situation.After}.";
    }
}
