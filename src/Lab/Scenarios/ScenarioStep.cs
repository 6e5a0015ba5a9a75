using System.Collections.Immutable;

namespace CiliumDebugging.Lab.Scenarios;

/// <summary>A step of a scenario.</summary>
public abstract record ScenarioStep
{
    /// <summary>The step in one line, for a report.</summary>
    public abstract string Describe();
}

/// <summary>Applies a policy file.</summary>
/// <param name="File">File name, for messages and events.</param>
/// <param name="Policies">The policies in it, as objects for the API and as models.</param>
public sealed record ApplyStep(string File, ImmutableArray<PolicyManifest> Policies) : ScenarioStep
{
    /// <inheritdoc/>
    public override string Describe() =>
        $"apply {File} ({string.Join(", ", Policies.Select(p => $"{p.Model.Kind} {p.Model.Name}"))})";
}

/// <summary>Deletes the policies of a file.</summary>
/// <param name="File">File name, for messages and events.</param>
/// <param name="Policies">The policies in it.</param>
public sealed record DeleteStep(string File, ImmutableArray<PolicyManifest> Policies) : ScenarioStep
{
    /// <inheritdoc/>
    public override string Describe() => $"delete what {File} applied";
}

/// <summary>Which backend Pod a <see cref="DeletePodStep"/> deletes.</summary>
public enum PodPlace
{
    /// <summary>The first one by name.</summary>
    Any,

    /// <summary>The first one by name on the client's node.</summary>
    ClientNode,

    /// <summary>The first one by name on another node than the client's.</summary>
    OtherNode,
}

/// <summary>Deletes one backend Pod of the load's Service and waits until its replacement is ready.</summary>
/// <param name="Place">Which one.</param>
/// <param name="Pod">Its name; null: the first one at <paramref name="Place"/>.</param>
public sealed record DeletePodStep(PodPlace Place, string? Pod = null) : ScenarioStep
{
    /// <inheritdoc/>
    public override string Describe() => $"delete {Which} and wait for its replacement";

    private string Which =>
        this switch
        {
            { Pod: { } name } => $"pod {name}",
            { Place: PodPlace.ClientNode } => "a backend pod on the client's node",
            { Place: PodPlace.OtherNode } => "a backend pod on another node than the client's",
            _ => "a backend pod",
        };
}

/// <summary>Changes the spec of the load's Service. A null leaves a field as it is.</summary>
/// <param name="SessionAffinity">None or ClientIP.</param>
/// <param name="AffinitySeconds">
/// sessionAffinityConfig.clientIP.timeoutSeconds, 1 to 86400; the default of Kubernetes is 10800.
/// </param>
/// <param name="InternalTrafficPolicy">Cluster or Local.</param>
/// <param name="TrafficDistribution">PreferClose or PreferSameZone.</param>
/// <param name="ExternalTrafficPolicy">Cluster or Local; the Service becomes one of type NodePort.</param>
public sealed record ServiceStep(
    string? SessionAffinity,
    int? AffinitySeconds,
    string? InternalTrafficPolicy,
    string? TrafficDistribution,
    string? ExternalTrafficPolicy = null
) : ScenarioStep
{
    /// <inheritdoc/>
    public override string Describe()
    {
        var fields = new (string Name, object? Value)[]
        {
            ("sessionAffinity", SessionAffinity),
            ("affinity seconds", AffinitySeconds),
            ("internalTrafficPolicy", InternalTrafficPolicy),
            ("externalTrafficPolicy", ExternalTrafficPolicy),
            ("trafficDistribution", TrafficDistribution),
        };
        var set = fields.Where(f => f.Value is not null).Select(f => $"{f.Name}: {f.Value}");
        return $"set of the Service {string.Join(", ", set)}";
    }
}

/// <summary>
/// Gives the load's Service one more EndpointSlice, beside those of its selector, as a controller or a person does that
/// maintains endpoints of its own.
/// </summary>
/// <param name="Slice">Name of the EndpointSlice.</param>
/// <param name="Addresses">IPv4 addresses of its endpoints, 1 to 100, all ready; none: an EndpointSlice without
/// endpoints.</param>
public sealed record EndpointSliceStep(string Slice, ImmutableArray<string> Addresses) : ScenarioStep
{
    /// <inheritdoc/>
    public override string Describe() =>
        Addresses.IsEmpty
            ? $"take all addresses out of EndpointSlice {Slice}"
            : $"give the Service EndpointSlice {Slice} with {string.Join(", ", Addresses)}";
}

/// <summary>
/// Scales a Deployment, and waits until its Pods are ready and those that it no longer wants have ended.
/// </summary>
/// <param name="Replicas">How many Pods, 0 to 1000.</param>
/// <param name="Deployment">
/// A Deployment in the namespace of the load's Service; null: the one that has the Service's name.
/// </param>
public sealed record ScaleStep(int Replicas, string? Deployment = null) : ScenarioStep
{
    /// <inheritdoc/>
    public override string Describe() => $"scale {ChangedDeployment.Words(Deployment)} to {Replicas} replicas";
}

/// <summary>
/// Restarts a Deployment's Pods as <c>kubectl rollout restart</c> does, and waits until the new ones are ready and the
/// old ones have ended.
/// </summary>
/// <param name="Deployment">
/// A Deployment in the namespace of the load's Service; null: the one that has the Service's name.
/// </param>
/// <param name="PreStopSeconds">
/// <c>lifecycle.preStop.sleep.seconds</c> of the new Pods' first container, 0 (no hook) to 3600; null: as it is.
/// </param>
/// <param name="GraceSeconds">
/// <c>terminationGracePeriodSeconds</c> of the new Pods, 1 to 3600; null: as it is.
/// </param>
public sealed record RolloutStep(string? Deployment = null, int? PreStopSeconds = null, int? GraceSeconds = null)
    : ScenarioStep
{
    /// <inheritdoc/>
    public override string Describe()
    {
        var fields = new (string Name, int? Value)[]
        {
            ("preStop sleep", PreStopSeconds),
            ("termination grace period", GraceSeconds),
        };
        var set = string.Join(", ", fields.Where(f => f.Value is not null).Select(f => $"{f.Name} {f.Value} s"));
        return $"restart {ChangedDeployment.Words(Deployment)}{(set.Length == 0 ? "" : $" with {set}")}";
    }
}

/// <summary>The Deployment of a step in words.</summary>
file static class ChangedDeployment
{
    public static string Words(string? name) =>
        name is null ? "the Deployment behind the Service" : $"Deployment {name}";
}

/// <summary>Lets time pass; under load, its requests belong to no phase.</summary>
/// <param name="Duration">How long.</param>
public sealed record WaitStep(TimeSpan Duration) : ScenarioStep
{
    /// <inheritdoc/>
    public override string Describe() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"wait {Duration.TotalSeconds:0.#} s");
}

/// <summary>Measures for a while, under load.</summary>
/// <param name="Name">Name of the phase, for example <c>baseline</c>.</param>
/// <param name="Duration">How long; <see cref="Timeout.InfiniteTimeSpan"/>: until the run is ended.</param>
/// <param name="Requests">
/// The phase lasts, for at most six times its duration, until this many requests have been sent; 0: no condition.
/// </param>
public sealed record PhaseStep(string Name, TimeSpan Duration, int Requests = 0) : ScenarioStep
{
    /// <inheritdoc/>
    public override string Describe() =>
        Duration == Timeout.InfiniteTimeSpan
            ? $"measure until it is ended (phase {Name})"
            : string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"measure for {Duration.TotalSeconds:0.#} s (phase {Name})"
            );
}
