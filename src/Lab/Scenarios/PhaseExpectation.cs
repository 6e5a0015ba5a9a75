namespace CiliumDebugging.Lab.Scenarios;

/// <summary>An expected verdict on delivery.</summary>
public enum ExpectedDelivery
{
    /// <summary>Even, with its error bound.</summary>
    Even,

    /// <summary>Skewed, with its error bound.</summary>
    Skewed,

    /// <summary>Even or undecided.</summary>
    NotSkewed,
}

/// <summary>Where the only successes are expected from.</summary>
public enum SuccessSource
{
    /// <summary>Pods on the client's node.</summary>
    ClientNode,

    /// <summary>Pods in the zone of the client's node, each of them.</summary>
    ClientZone,

    /// <summary>A single Pod.</summary>
    OnePod,
}

/// <summary>What the failed share of the requests is expected to equal.</summary>
public enum ExpectedFailureShare
{
    /// <summary>The share of the Pods on other nodes than the client's, within 4 standard errors.</summary>
    RemotePods,

    /// <summary>The share of the addresses that no running Pod has among all endpoints, within 4 standard
    /// errors.</summary>
    UnknownAddresses,
}

/// <summary>How many requests the change before a phase is expected to lose.</summary>
public enum ExpectedLoss
{
    /// <summary>
    /// As many as reach Pods that no longer answer while the nodes still choose them
    /// (the formula is in EndpointLagLoss).
    /// </summary>
    EndpointLag,

    /// <summary>None.</summary>
    None,
}

/// <summary>Which share the Pod that a <see cref="DeletePodStep"/> brought is expected to have.</summary>
public enum ExpectedNewPodShare
{
    /// <summary>What the model of stale conntrack entries makes of the measured quantities.</summary>
    StaleConntrack,

    /// <summary>1/N.</summary>
    Even,

    /// <summary>No more of the requests than of the connections, which were opened before it was ready.</summary>
    KeptConnections,
}

/// <summary>How the requests are expected to be shared.</summary>
public enum ExpectedRequestShare
{
    /// <summary>Of c kept connections that carry the same load, each Pod has a whole number: its share is a multiple of
    /// 1/c.</summary>
    Connections,
}

/// <summary>What a phase is expected to show. Null means no expectation.</summary>
/// <param name="Phase">Name of the phase.</param>
public sealed record PhaseExpectation(string Phase)
{
    /// <summary>Verdict on delivery.</summary>
    public ExpectedDelivery? Delivery { get; init; }

    /// <summary>Whether requests fail.</summary>
    public bool? Failures { get; init; }

    /// <summary>Where all successes come from.</summary>
    public SuccessSource? SuccessesFrom { get; init; }

    /// <summary>The one status that failures have.</summary>
    public int? FailureStatus { get; init; }

    /// <summary>The failed share of the requests.</summary>
    public ExpectedFailureShare? FailureShare { get; init; }

    /// <summary>Name of the diagnosis.</summary>
    public string? Diagnosis { get; init; }

    /// <summary>Share of the Pod that replaced the deleted one.</summary>
    public ExpectedNewPodShare? NewPodShare { get; init; }

    /// <summary>How the requests are shared.</summary>
    public ExpectedRequestShare? RequestShare { get; init; }

    /// <summary>
    /// How often each request reaches a backend when the proxies repeat it: (1 + http-retry-count) to the power of the
    /// number of proxies on its way.
    /// </summary>
    public int? HitsPerRequest { get; init; }

    /// <summary>Requests that fail between the phase before and this one.</summary>
    public ExpectedLoss? Lost { get; init; }
}
