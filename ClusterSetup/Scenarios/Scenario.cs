using System.Collections.Immutable;
using CiliumDebugging.ClusterSetup.Policies;
using CiliumDebugging.LoadTest.Attack;

namespace CiliumDebugging.ClusterSetup.Scenarios;

/// <summary>A step of a scenario.</summary>
public abstract record ScenarioStep
{
    /// <summary>The step in one line, for a report.</summary>
    public abstract string Describe();
}

/// <summary>Applies a policy file.</summary>
/// <param name="File">File name, for messages and events.</param>
/// <param name="Policies">The policies in it, as JSON objects for the API, with what the policy reader made of them.</param>
public sealed record ApplyStep(string File, ImmutableArray<PolicyManifest> Policies) : ScenarioStep
{
    /// <inheritdoc/>
    public override string Describe() => $"apply {File} ({string.Join(", ", Policies.Select(p => $"{p.Model.Kind} {p.Model.Name}"))})";
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
    public override string Describe() =>
        $"delete {(Pod is { } name ? $"pod {name}" : Place switch { PodPlace.ClientNode => "a backend pod on the client's node", PodPlace.OtherNode => "a backend pod on another node than the client's", _ => "a backend pod" })} and wait for its replacement";
}

/// <summary>Changes the spec of the load's Service. A null leaves a field as it is.</summary>
/// <param name="SessionAffinity">None or ClientIP.</param>
/// <param name="AffinitySeconds">sessionAffinityConfig.clientIP.timeoutSeconds, 1 to 86400; Kubernetes's default is 10800.</param>
/// <param name="InternalTrafficPolicy">Cluster or Local.</param>
/// <param name="TrafficDistribution">PreferClose or PreferSameZone.</param>
/// <param name="ExternalTrafficPolicy">Cluster or Local; the Service becomes one of type NodePort.</param>
public sealed record ServiceStep(string? SessionAffinity, int? AffinitySeconds, string? InternalTrafficPolicy, string? TrafficDistribution, string? ExternalTrafficPolicy = null) : ScenarioStep
{
    /// <inheritdoc/>
    public override string Describe()
    {
        var fields = new (string Name, object? Value)[]
        {
            ("sessionAffinity", SessionAffinity), ("affinity seconds", AffinitySeconds), ("internalTrafficPolicy", InternalTrafficPolicy), ("externalTrafficPolicy", ExternalTrafficPolicy), ("trafficDistribution", TrafficDistribution),
        };
        return $"set of the Service {string.Join(", ", fields.Where(f => f.Value is not null).Select(f => $"{f.Name}: {f.Value}"))}";
    }
}

/// <summary>Measures for a while, under load.</summary>
/// <param name="Name">Name of the phase, for example <c>baseline</c>.</param>
/// <param name="Duration">How long; <see cref="Timeout.InfiniteTimeSpan"/>: until the run is ended (<see cref="RunControl"/>).</param>
/// <param name="Requests">The phase goes on, for six times <paramref name="Duration"/> at most, until so many requests have been sent; 0: no such condition. For what needs a number of requests, not a time.</param>
public sealed record PhaseStep(string Name, TimeSpan Duration, int Requests = 0) : ScenarioStep
{
    /// <inheritdoc/>
    public override string Describe() => Duration == Timeout.InfiniteTimeSpan
        ? $"measure until it is ended (phase {Name})"
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"measure for {Duration.TotalSeconds:0.#} s (phase {Name})");
}

/// <summary>The load of a scenario.</summary>
/// <param name="Url">Target; the host is a Service as <c>name.namespace</c>.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Body">Request body.</param>
/// <param name="RatePerSecond">Requests per second.</param>
/// <param name="Client">Label selector of the load-test Pod.</param>
/// <param name="Ports">Client ports as <see cref="ClientPortRange.Parse"/> reads them; null: random odd ports, as a client that binds a port draws them.</param>
/// <param name="Connections">Connections that are kept open; 0: a fresh one for each request.</param>
/// <param name="InFlight">Most requests under way at once; one that is due beyond it is counted as not sent, so that a slow machine sends fewer instead of piling them up. Null: 10,000.</param>
public sealed record LoadSpec(
    Uri Url, string Method, string? Body, double RatePerSecond, string Client = LoadSpec.DefaultClient, string? Ports = null, int Connections = 0, int? InFlight = null)
{
    /// <summary>The load-test Pod of the lab's own topology.</summary>
    public const string DefaultClient = "app=load-test-1";

    /// <summary>M: the distinct client ports the load can draw.</summary>
    public int PortCount => ClientPortRange.Parse(Ports ?? "odd", out var range) is null ? range.Count : throw new InvalidOperationException($"load.ports '{Ports}' was not checked");

    /// <summary>The Service's name.</summary>
    public string Service => Url.Host.Split('.')[0];

    /// <summary>The Service's namespace; <c>default</c> where the host names none.</summary>
    public string Namespace => Url.Host.Split('.') is [_, var ns, ..] ? ns : "default";
}

/// <summary>What a phase is expected to show.</summary>
/// <param name="Phase">Name of the phase.</param>
/// <param name="Delivery">Expected verdict on delivery: <c>even</c>, <c>skewed</c> or <c>not-skewed</c>; null for no expectation.</param>
/// <param name="Failures">Whether failures are expected; null for no expectation.</param>
/// <param name="SuccessesFrom"><c>client-node</c>: only Pods on the client's node may answer 2xx; <c>client-zone</c>: only those in the zone of the client's node, each of them; <c>one-pod</c>: all 2xx come from a single Pod; null for no expectation.</param>
/// <param name="FailureStatus">The one status that failures have; null for no expectation.</param>
/// <param name="FailureShare"><c>remote-pods</c>: the failed share of the requests is the share of the Pods on other nodes, within 4 standard errors; null for no expectation.</param>
/// <param name="Diagnosis">Name of the diagnosis; null for no expectation.</param>
/// <param name="NewPodShare">
/// <c>stale-conntrack</c>: the share of the Pod that a <see cref="DeletePodStep"/> brought agrees with <see cref="StaleConntrackShare"/> of the measured quantities; <c>even</c>: with 1/N;
/// <c>kept-connections</c>: it has no more of the requests than of the connections, which were opened before it was there. Null for no expectation.
/// </param>
/// <param name="HitsPerRequest">How often each request reaches a backend when the proxies repeat it: (1 + http-retry-count) to the power of the proxies on its way. Null for no expectation.</param>
public sealed record PhaseExpectation(
    string Phase, string? Delivery, bool? Failures, string? SuccessesFrom, int? FailureStatus, string? FailureShare, string? Diagnosis, string? NewPodShare = null,
    int? HitsPerRequest = null);

/// <summary>A scenario: a little code-free description beside the plain Kubernetes YAML it applies.</summary>
/// <param name="Name">Name: that of its folder.</param>
/// <param name="Title">One line.</param>
/// <param name="Source">Where the bug is described.</param>
/// <param name="Settings">Data of kube-system/cilium-config.</param>
/// <param name="Load">The load.</param>
/// <param name="Steps">The steps.</param>
/// <param name="Expect">What the phases are expected to show.</param>
public sealed record Scenario(
    string Name, string Title, string Source, ImmutableSortedDictionary<string, string> Settings, LoadSpec Load, ImmutableArray<ScenarioStep> Steps, ImmutableArray<PhaseExpectation> Expect)
{
    /// <summary>Where its Pods must be.</summary>
    public ScenarioTopology Topology { get; init; } = ScenarioTopology.Default;

    /// <summary>The policy files that its steps apply or delete, each once.</summary>
    public IReadOnlyList<(string File, ImmutableArray<PolicyManifest> Policies)> PolicyFiles() =>
    [
        .. Steps.Select(step => step switch
        {
            ApplyStep apply => (apply.File, apply.Policies),
            DeleteStep delete => (delete.File, delete.Policies),
            _ => (File: "", Policies: ImmutableArray<PolicyManifest>.Empty),
        }).Where(f => !f.Policies.IsEmpty).DistinctBy(f => f.File),
    ];

    /// <summary>All policies that its steps apply or delete.</summary>
    public IEnumerable<PolicyManifest> Policies() => PolicyFiles().SelectMany(f => f.Policies);

    /// <summary>
    /// This scenario's load and what it does before its first phase; then one phase that lasts until it is ended, in which changes are made by hand (<see cref="RunControl"/>).
    /// </summary>
    public Scenario ByHand() => this with
    {
        Title = $"By hand: {Title}",
        Steps = [.. Steps.TakeWhile(step => step is not PhaseStep), new PhaseStep("by hand", Timeout.InfiniteTimeSpan)],
        Expect = [],
    };

    /// <summary>This scenario with other durations and another rate. A null leaves what the scenario says.</summary>
    public Scenario With(double? ratePerSecond, TimeSpan? baseline, TimeSpan? observe) => this with
    {
        Load = ratePerSecond is { } rate ? Load with { RatePerSecond = rate } : Load,
        Steps =
        [
            .. Steps.Select(step => step switch
            {
                PhaseStep { Name: "baseline" } phase when baseline is { } duration => phase with { Duration = duration },
                PhaseStep { Name: "observe" } phase when observe is { } duration => phase with { Duration = duration },
                _ => step,
            }),
        ],
    };
}

/// <summary>A scenario that cannot be read; the message has one line for each problem.</summary>
public sealed class ScenarioException(string message) : Exception(message);
