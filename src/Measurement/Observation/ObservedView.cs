using System.Collections.Immutable;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Observation;

/// <summary>The counts of an observed Service, Hubble's or the backends' own, evaluated over all scrape
/// intervals. They are kept apart so that a target of one that cannot be read costs nothing of the other. Not
/// thread-safe.</summary>
public sealed class ObservedView
{
    private readonly VerdictOptions _options;
    private readonly Dictionary<CounterKey, double> _totals = [];
    private readonly SortedDictionary<string, AsymptoticShares> _rows = new(StringComparer.Ordinal);
    private RatioSums[] _success = [];
    private RatioSums _overall;

    /// <param name="options">Error probability of each verdict, and tolerance.</param>
    /// <param name="start">When this view begins, s since observing began. Default 0.</param>
    public ObservedView(TargetKind kind, ObservedService service, VerdictOptions options, double start = 0)
    {
        ArgumentNullException.ThrowIfNull(service);
        (Kind, _options) = (kind, options);
        var pods = Names(service);
        var startedAt = TimeSpan.FromSeconds(start);
        Selection = new AsymptoticMonitor(pods, options, startedAt);
        Delivery = new AsymptoticMonitor(pods, options, startedAt);
        _success = new RatioSums[pods.Length];
    }

    public TargetKind Kind { get; }

    /// <summary>Increments and what came of the targets.</summary>
    public RoundDifferences Differences { get; } = new();

    /// <summary>Which Pod was chosen. The backends know only what reached them: for them it is the same as
    /// <see cref="Delivery"/>.</summary>
    public AsymptoticMonitor Selection { get; }

    /// <summary>Where successes (Hubble) or requests (backends) arrived.</summary>
    public AsymptoticMonitor Delivery { get; }

    /// <summary>Everything counted in the present phase.</summary>
    public IReadOnlyDictionary<CounterKey, double> Totals => _totals;

    /// <summary>Scrape intervals of the present phase, and the time they cover, s.</summary>
    public (int Intervals, double Seconds) Covered { get; private set; }

    /// <summary>Chosen Pods by the clients' node (<see cref="ClientTraffic.Place"/>).</summary>
    public IReadOnlyDictionary<string, AsymptoticShares> Rows => _rows;

    /// <summary>Success rate of the requests that chose each Pod.</summary>
    public ImmutableArray<RatioSums> Success => [.. _success];

    /// <summary>Success rate of all requests.</summary>
    public RatioSums Overall => _overall;

    /// <summary>Adds a round of this view's targets.</summary>
    public void Add(ScrapeRound round, ObservedService service)
    {
        ArgumentNullException.ThrowIfNull(round);
        ArgumentNullException.ThrowIfNull(service);
        if (Differences.Add(round) is not { } difference)
            return;
        foreach (var (key, count) in difference.Counts)
            _totals[key] = _totals.GetValueOrDefault(key) + count;
        Covered = (Covered.Intervals + 1, Covered.Seconds + difference.To - difference.From);
        var traffic = ServiceTraffic.Of(difference.Counts, service);
        var at = TimeSpan.FromSeconds(difference.To);
        if (Kind is TargetKind.Backend)
        {
            // The node on which the requests began is unknown: the shares from any node must be the same, or none is
            // expected.
            var weights = service.WeightsFrom("")!.Value;
            var expected = weights.Select(w => w * traffic.Reached.Sum()).ToArray();
            Selection.Add(at, traffic.Reached, expected);
            Delivery.Add(at, traffic.Reached, expected);
            return;
        }
        var pods = service.Endpoints.Length;
        var (chosen, ok, expectedChosen, expectedOk) = (
            new double[pods],
            new double[pods],
            new double[pods],
            new double[pods]
        );
        foreach (var client in traffic.Clients)
            Add(client, service, chosen, ok, expectedChosen, expectedOk);
        // Pods whose answers have a status cannot be compared with others.
        if (traffic.LacksStatus)
        {
            Array.Clear(ok);
            Array.Clear(expectedOk);
        }
        Selection.Add(at, chosen, expectedChosen);
        Delivery.Add(at, ok, expectedOk);
        for (var i = 0; i < pods; i++)
            _success[i] = _success[i].With(ok[i], chosen[i]);
        _overall = _overall.With(ok.Sum(), chosen.Sum());
    }

    /// <summary>Other backends, or other rules on the way to them, from the next interval on.</summary>
    public void Change(ObservedService service, RecordedEvent why)
    {
        ArgumentNullException.ThrowIfNull(service);
        var pods = Names(service);
        Selection.Expect(pods, why);
        Delivery.Expect(pods, why);
        Differences.Forget();
        _totals.Clear();
        _rows.Clear();
        (_success, _overall, Covered) = (new RatioSums[pods.Length], default, default);
    }

    private void Add(
        ClientTraffic client,
        ObservedService service,
        double[] chosen,
        double[] ok,
        double[] expectedChosen,
        double[] expectedOk
    )
    {
        // Where the expected shares are unknown, what was seen is expected, which says nothing of skew.
        var weights = service.WeightsFrom(client.Node);
        double[] Expected(double[] counts) => weights is { } known ? [.. known.Select(w => w * counts.Sum())] : counts;
        var (expected, expectedAnswers) = (Expected(client.Chosen), Expected(client.Ok));
        for (var i = 0; i < chosen.Length; i++)
        {
            chosen[i] += client.Chosen[i];
            ok[i] += client.Ok[i];
            expectedChosen[i] += expected[i];
            expectedOk[i] += expectedAnswers[i];
        }
        // More nodes than this share the last row's fate of not being shown; the aggregate has them.
        if (!_rows.ContainsKey(client.Place) && _rows.Count >= 1000)
            return;
        var row = _rows.GetValueOrDefault(client.Place) ?? AsymptoticShares.Of(Names(service));
        _rows[client.Place] = row.With(client.Chosen, [.. expected]);
    }

    /// <summary>The verdict on a row of the matrix; all rows together are wrong with probability α.</summary>
    public Verdict RowVerdict(AsymptoticShares row, SelectionUnit unit)
    {
        ArgumentNullException.ThrowIfNull(row);
        return row.Verdict(
            _options with
            {
                ErrorProbability = _options.ErrorProbability / Math.Max(1, _rows.Count),
            },
            unit
        );
    }

    private static ImmutableArray<string> Names(ObservedService service) =>
        [.. service.Endpoints.Select(e => e.Pod.Name)];
}
