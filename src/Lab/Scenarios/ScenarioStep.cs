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
