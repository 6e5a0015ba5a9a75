using System.Collections.Immutable;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Releases;
using k8s.Models;

namespace CiliumDebugging.Lab.Running;

/// <summary>A phase with the policies and the Service at its beginning: a change of them ends it.</summary>
internal sealed record MeasuredPhase(PhaseTally Tally, PathPolicies Policies, ServiceReader Service)
{
    /// <summary>Its report, once it can no longer change: every request that started in it has its outcome.</summary>
    public PhaseReport? Settled { get; set; }
}

/// <summary>The state of one run of a scenario.</summary>
internal sealed class ScenarioRun(
    Scenario scenario,
    ClusterReader reader,
    V1Pod client,
    LoadTestClient loadTest,
    IRunListener listener,
    RunLedger ledger,
    RunController control,
    TimeProvider time
)
{
    /// <summary>A manual run may have any number of phases: the first and the last are kept.</summary>
    private const int MaxPhases = 40;

    public Scenario Scenario => scenario;
    public ClusterReader Reader => reader;
    public V1Pod Client => client;
    public string ClientNode => client.Spec.NodeName;

    /// <summary>
    /// How long a change may take to reach every node before the next phase begins: half a second on the embedded
    /// cluster, and seconds where kube-proxy or agents collect changes first.
    /// </summary>
    public static TimeSpan SettleOn(ClusterIdentity cluster) =>
        cluster.IsEmulated ? TimeSpan.FromMilliseconds(500) : TimeSpan.FromSeconds(5);

    public TimeSpan Settle => SettleOn(Cluster);

    /// <summary>Node and zone of the client; the zone is null when the node has none.</summary>
    public required (string Node, string? Zone) ClientPlace { get; init; }

    public LoadTestClient LoadTest => loadTest;
    public IRunListener Listener => listener;
    public RunLedger Ledger => ledger;
    public RunController Control => control;

    public TimeProvider Time => time;

    /// <summary>Now, s since the attack's epoch; since 1970 before there is an attack.</summary>
    public double Now => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds - (Attack?.EpochUnixSeconds ?? 0);

    public AttackState? Attack { get; set; }

    /// <summary>Notices changes that are not the run's own; null before there is a load.</summary>
    public ChangeWatch? Watch { get; set; }
    public Task? Following { get; set; }
    public AttackState? Drained { get; set; }
    public PodReplacement? Replaced { get; set; }

    /// <summary>The Pods that the last change of a Deployment may have ended; null when there was none.</summary>
    public EndingPods? Ending { get; set; }

    /// <summary>The backends at the last look while they were changing; null while a phase lasts.</summary>
    public ExpectedBackends? Changing { get; set; }
    public ClusterCounters AtStart { get; set; } = ClusterCounters.Zero;

    /// <summary>The phase that is being measured; null while there is none.</summary>
    public MeasuredPhase? Current { get; set; }

    /// <summary>Whether there is anything to report.</summary>
    public bool HasRequests => ledger is { Resolved: > 0, Phases.Count: > 0 };
    public TimeSeries Series { get; } = new();
    public List<MeasuredPhase> Measured { get; } = [];
    public ImmutableSortedDictionary<string, string> Settings { get; set; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>The cluster, and the version of its agents.</summary>
    public ClusterIdentity Cluster { get; set; } = ClusterIdentity.Unknown;

    /// <summary>The agents' release; null when it is unknown, or without Cilium.</summary>
    public CiliumVersion? Release => CiliumVersion.TryParse(Cluster.CiliumVersion, out var release) ? release : null;

    /// <summary>Something was changed that is not the run's own step; in any thread.</summary>
    public void OnChanged(string what)
    {
        if (Attack is not null && Drained is null && ledger.Phases.Count > 0)
            ledger.Record(what, Now);
    }

    public void Add(MeasuredPhase phase)
    {
        Current = null;
        Measured.Add(phase);
        if (Measured.Count <= MaxPhases)
            return;
        ledger.Drop(Measured[1].Tally); // the first is the baseline
        Measured.RemoveAt(1);
    }

    /// <summary>Ends the load; every request has its outcome and its record then.</summary>
    public async Task<AttackState> DrainAsync(CancellationToken cancellationToken)
    {
        if (Drained is { } drained)
            return drained;
        listener.OnStep("waiting for the last answers");
        Drained = await loadTest.StopAsync(cancellationToken);
        await Following!.WaitAsync(cancellationToken);
        ledger.Confirm(double.PositiveInfinity);
        return Drained;
    }
}
