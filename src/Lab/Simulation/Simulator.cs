using System.Collections.Immutable;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Lab.Simulation;

/// <summary>
/// Runs a scenario in virtual time through the datapath code of the embedded cluster (ForwardingPath,
/// ServiceLoadBalancer, ClientPorts, PolicySet):
/// <list type="number">
/// <item>builds the cluster;</item>
/// <item>takes the steps: policies apply at once, and a deleted Pod is replaced after the gap;</item>
/// <item>counts, with what the formulas predict beside it.</item>
/// </list>
/// Deterministic: no clock, no threads, one random seed. A request takes no time, so connections never overlap:
/// pending limits, timeouts and retries are not simulated.
/// </summary>
public sealed class Simulator
{
    private readonly Scenario _scenario;
    private readonly SimulationOptions _options;
    private readonly SimulatedCluster _cluster;
    private readonly SimulatedLoad _load;
    private readonly SharePrediction _prediction;
    private readonly List<SimulationSample> _samples = [];
    private readonly List<SimulatedReplacement> _replacements = [];
    private readonly double _rate;
    private readonly Action<SimulationProgress>? _progress;
    private readonly double _seconds;
    private readonly CiliumVersion _release;
    private long _now;

    private Simulator(Scenario scenario, SimulationOptions options, Action<SimulationProgress>? progress)
    {
        _progress = progress;
        if (options.Problems().ToList() is { Count: > 0 } problems)
            throw new ScenarioException(string.Join(Environment.NewLine, problems));
        (_scenario, _options, _rate) = (scenario, options, options.RatePerSecond ?? scenario.Load.RatePerSecond);
        var config = CiliumConfig.Parse(scenario.Settings.SetItems(options.Settings));
        _release = config.Version;
        var (ports, _) = ClientPortRange.Parse(scenario.Load.Ports ?? "odd");
        if (ports.Order is ClientPortOrder.Kernel)
            throw new ScenarioException("load.ports: a simulation has no kernel to choose ports; use odd or even");
        if (scenario.Load.Connections > 0)
            throw new ScenarioException(
                "load.connections: the simulator makes a fresh connection for each request; "
                    + "run this scenario on a live cluster"
            );
        if (scenario.Load.Url.Query.Length > 0)
            throw new ScenarioException(
                $"load.url: {scenario.Load.Url.Query} asks the backend for another answer, and a simulated backend "
                    + "has none; run this scenario on a live cluster"
            );
        // 1. the cluster
        _cluster = new SimulatedCluster(options, config, scenario);
        var connection = new SimulatedConnection(
            _cluster,
            scenario.Load.Method,
            scenario.Load.Url.PathAndQuery,
            scenario.Load.Url.Authority
        );
        _load = new SimulatedLoad(_cluster, connection, new SimulationRandom(options.Seed), ports, _rate);
        _seconds = scenario.Steps.Sum(s =>
            s switch
            {
                PhaseStep phase => Length(phase).TotalSeconds,
                DeletePodStep => options.Gap.TotalSeconds,
                WaitStep wait => wait.Duration.TotalSeconds,
                _ => 0,
            }
        );
        _prediction = new SharePrediction(config, ports, _rate / options.Clients, _seconds);
    }

    /// <summary>Simulates a scenario.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="options">What differs from it.</param>
    /// <param name="progress">Called for each part of a phase, and every 100,000 connections.</param>
    /// <exception cref="ScenarioException">
    /// The options or the scenario cannot be simulated: one line for each problem.
    /// </exception>
    /// <exception cref="FormatException">A setting is unknown or does not fit.</exception>
    public static SimulationResult Run(
        Scenario scenario,
        SimulationOptions options,
        Action<SimulationProgress>? progress = null
    )
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(options);
        return new Simulator(scenario, options, progress).Run();
    }

    private SimulationResult Run()
    {
        // 2. the steps
        foreach (var step in _scenario.Steps)
        {
            switch (step)
            {
                case ApplyStep apply:
                    _cluster.Apply(apply.Policies);
                    break;
                case DeleteStep delete:
                    _cluster.Delete(delete.Policies);
                    break;
                case DeletePodStep delete:
                    Replace(delete.Place);
                    break;
                case ServiceStep service:
                    _cluster.Change(service);
                    break;
                case EndpointSliceStep slice:
                    _cluster.Apply(slice);
                    break;
                case PhaseStep phase:
                    var begin = _now;
                    for (var i = 1; i <= _options.SamplesPerPhase; i++)
                        Sample(phase.Name, begin + Length(phase).Ticks * i / _options.SamplesPerPhase);
                    break;
                case WaitStep wait:
                    // Without a load yet, there is nothing to simulate.
                    if (_samples.Count > 0)
                        Sample("wait", _now + wait.Duration.Ticks);
                    break;
                default:
                    throw new ScenarioException(
                        $"the simulator cannot {step.Describe()}: run this scenario on a live cluster"
                    );
            }
        }
        // 3. the result
        var outcomes = Enum.GetValues<SimulatedOutcome>()
            .Select(o => KeyValuePair.Create(o, Outcome(o)))
            .Where(o => o.Value > 0)
            .ToImmutableSortedDictionary();
        return new SimulationResult(
            _scenario.Name,
            _options.Seed,
            _rate,
            [.. _cluster.Pods],
            _load.Connections,
            outcomes,
            [.. _samples],
            [.. _replacements]
        )
        {
            Notice =
                $"Simulated: models Cilium {_release} without a cluster, not a measurement of Cilium"
                + (
                    _scenario.EvidenceFor(_release) is ReleaseEvidence.Predicted
                        ? $". What it shows for Cilium {_release} is predicted by the model, not observed"
                        : ""
                ),
            Notes = _cluster.Notes,
        };
    }

    private long Outcome(SimulatedOutcome outcome) => _load.Outcomes[(int)outcome];

    private TimeSpan Length(PhaseStep phase) => _options.Duration ?? phase.Duration;

    private void Replace(PodPlace place)
    {
        var backends = _cluster.Ready.Count();
        var (goneAt, used, before) = (Seconds(_now), (double)_load.PortsUsed / _load.PortCount, _load.Connections);
        var deleted = _cluster.DeletePod(place);
        if (_options.Gap > TimeSpan.Zero)
            Sample("gap", _now + _options.Gap.Ticks);
        var added = _cluster.ReplacePod(deleted);
        _prediction.Replaced(backends, goneAt, _options.Gap.TotalSeconds);
        _replacements.Add(
            new SimulatedReplacement(
                deleted,
                added,
                goneAt,
                Seconds(_now),
                used,
                _load.Connections - before,
                _load.PortCount,
                backends,
                _prediction.IsStale(_cluster.Spread())
            )
        );
    }

    private void Sample(string phase, long until)
    {
        var (from, before) = (_now, _load.Connections);
        var (selected, ok) = _load.RunUntil(until, Report);
        _now = until;
        Report(until);
        var added = phase == "gap" ? null : _replacements.LastOrDefault()?.Added;
        _samples.Add(
            new SimulationSample(
                phase,
                Seconds(from),
                Seconds(until),
                _load.Connections - before,
                [.. selected],
                [.. ok],
                _prediction.Shares(_cluster.Spread(), added)
            )
        );
    }

    private void Report(long now) => _progress?.Invoke(new(Seconds(now), _seconds, _load.Connections));

    private static double Seconds(long ticks) => (double)ticks / TimeSpan.TicksPerSecond;
}
