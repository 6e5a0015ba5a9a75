using System.Collections.Immutable;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>The counts that decide the verdict of an endless observation.</summary>
public sealed class EvidenceWindowsTests
{
    private const int PerRound = 300;
    private const double Interval = 2;

    private static readonly ObservedService s_service = new(
        "backend",
        "backend-1",
        [
            .. Enumerable
                .Range(1, 3)
                .Select(i => new ObservedEndpoint(
                    new BackendPod($"b{i}", "backend", $"worker{i}"),
                    new EndpointFacts(true, null, [], null),
                    false
                )),
        ],
        new ServiceFacts(false, false, false, false, false),
        ImmutableDictionary<string, ClientPath>.Empty,
        ImmutableDictionary<string, string>.Empty,
        ClusterIdentity.Unknown,
        ImmutableSortedDictionary<string, string>.Empty
    );

    private readonly EvidenceWindows _windows = new(VerdictOptions.Default);
    private readonly Random _random = new(1);
    private readonly double[] _counts = new double[3];
    private double _at;

    [Fact]
    public void Hours_of_even_traffic_are_never_called_skewed_and_stay_decided_from_window_to_window()
    {
        var kinds = Play(TimeSpan.FromHours(3), 1, 1, 1);
        kinds.ShouldNotContain(VerdictKind.Skewed);
        kinds.Skip(60).ShouldAllBe(k => k == VerdictKind.Even);
        _windows.Count.ShouldBeInRange(36, 37); // one each 5 min
    }

    [Fact]
    public void Skew_that_begins_after_hours_of_even_traffic_is_found_and_dated_within_minutes_and_its_end_is_found()
    {
        Play(TimeSpan.FromHours(1), 1, 1, 1);
        var skewed = Play(TimeSpan.FromMinutes(5), 3, 1, 1);
        skewed.IndexOf(VerdictKind.Skewed).ShouldBeInRange(1, 60);
        skewed[^1].ShouldBe(VerdictKind.Skewed);
        Onset().ShouldBeInRange(3570, 3640);

        var recovered = Play(TimeSpan.FromMinutes(5), 1, 1, 1);
        recovered.ShouldContain(VerdictKind.Even);
        recovered[^1].ShouldBe(VerdictKind.Even);
    }

    [Fact]
    public void The_onset_of_lasting_skew_is_kept_from_window_to_window_but_not_the_counts()
    {
        Play(TimeSpan.FromMinutes(10), 1, 1, 1);
        var kinds = Play(TimeSpan.FromHours(2), 3, 1, 1);
        kinds.Skip(100).ShouldAllBe(k => k == VerdictKind.Skewed);
        Onset().ShouldBeInRange(570, 640);
        _last!.Report.Phases[^1].Requests.ShouldBeLessThan((long)(1200 / Interval * PerRound));
    }

    [Fact]
    public void After_a_restart_earlier_counts_are_not_evidence()
    {
        Play(TimeSpan.FromMinutes(5), 3, 1, 1);
        _windows.Restart();
        var kinds = Play(TimeSpan.FromMinutes(5), 1, 1, 1);
        kinds.ShouldNotContain(VerdictKind.Skewed);
        kinds[^1].ShouldBe(VerdictKind.Even);
    }

    private ObservedResult? _last;

    private double Onset() => _last!.Report.Status.Episodes[^1].Onset.Best.At!.Value.TotalSeconds;

    private List<VerdictKind> Play(TimeSpan time, params double[] weights)
    {
        List<VerdictKind> kinds = [];
        for (var i = 0; i < time.TotalSeconds / Interval; i++)
        {
            for (var request = 0; request < PerRound; request++)
            {
                var u = _random.NextDouble() * weights.Sum();
                _counts[
                    u < weights[0] ? 0
                    : u < weights[0] + weights[1] ? 1
                    : 2
                ]++;
            }
            var scrapes = s_service.Endpoints.Select(
                (e, p) =>
                {
                    var target = new ScrapeTarget(TargetKind.Backend, e.Pod.HubbleName);
                    var key = new CounterKey(CounterKind.Reached, target, Pod: e.Pod.HubbleName);
                    return new TargetScrape(target, ImmutableDictionary<CounterKey, double>.Empty.Add(key, _counts[p]));
                }
            );
            _at += Interval;
            _last = _windows.Add(new ScrapeRound(_at, [.. scrapes]), s_service, "a test", DateTimeOffset.UnixEpoch);
            kinds.Add(_last.Report.Phases[^1].Delivery.Successes.Kind);
        }
        return kinds;
    }
}
