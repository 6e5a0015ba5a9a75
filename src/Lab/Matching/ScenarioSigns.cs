using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Diagnosis;
using static System.FormattableString;

namespace CiliumDebugging.Lab.Matching;

/// <summary>What a scenario shows, from its steps and from what it expects of its last phase. Null: it does not say.</summary>
internal sealed class ScenarioSigns(Scenario scenario)
{
    private readonly PhaseExpectation _last = scenario.Expect.LastOrDefault() ?? new PhaseExpectation("");

    /// <summary>The diagnosis; null: a control, of which none is expected.</summary>
    public string? Diagnosis =>
        _last.Lost is ExpectedLoss.EndpointLag
            ? ChangeDiagnosis.FailuresDuringChange
            : scenario.Expect.LastOrDefault(e => e.Diagnosis is not null)?.Diagnosis;

    /// <summary>Whether requests fail; unknown where only the change before the last phase loses some.</summary>
    public bool? Failing => _last.Lost is ExpectedLoss.EndpointLag ? null : _last.Failures;

    public int? Status => _last.FailureStatus;

    /// <summary>How many Pods answer with success.</summary>
    public Answering? Answers =>
        _last switch
        {
            { SuccessesFrom: SuccessSource.OnePod } => Answering.One,
            { SuccessesFrom: not null } => Answering.Some,
            { FailureShare: ExpectedFailureShare.RemotePods } => HasPodOnClientNode ? Answering.Some : Answering.None,
            { FailureShare: ExpectedFailureShare.UnknownAddresses } => Answering.All,
            // The load asks each Pod for the status.
            { FailureStatus: { } status } when scenario.Load.Url.Query.Contains(Invariant($"status={status}")) =>
                Answering.None,
            { Failures: false, Delivery: ExpectedDelivery.Even or ExpectedDelivery.NotSkewed } => Answering.All,
            _ => null,
        };

    private bool HasPodOnClientNode =>
        scenario.Topology is var topology
        && (
            topology.BackendWorkers.IsEmpty
            || topology.BackendWorkers.Contains(topology.ClientWorker == 0 ? topology.Workers : topology.ClientWorker)
        );

    public bool? Skewed =>
        _last.Delivery switch
        {
            null => null,
            var delivery => delivery is ExpectedDelivery.Skewed,
        };

    public bool Replaced => scenario.Steps.Any(s => s is DeletePodStep or RolloutStep);

    public bool KeepAlive => scenario.Load.Connections > 0;

    public bool Http2 => scenario.Load.Http2;

    /// <summary>Where HTTP rules apply at its end: on egress of the client, on ingress of the backends.</summary>
    public (bool Client, bool Backends) HttpRules
    {
        get
        {
            var specs = scenario.Steps.OfType<ApplyStep>().SelectMany(s => s.Policies).SelectMany(p => p.Model.Specs);
            return (
                specs.Any(s => s.Egress.Any(r => r.Ports.Any(p => p.Http is not null))),
                specs.Any(s => s.Ingress.Any(r => r.Ports.Any(p => p.Http is not null)))
            );
        }
    }
}

/// <summary>How many Pods answer with success.</summary>
internal enum Answering
{
    /// <summary>Not one.</summary>
    None,

    /// <summary>A single one.</summary>
    One,

    /// <summary>Not all of them.</summary>
    Some,

    /// <summary>Every one.</summary>
    All,
}
