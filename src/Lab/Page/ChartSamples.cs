using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Page;

/// <summary>One more sample of the charts.</summary>
/// <param name="At">When, s since the load began.</param>
/// <param name="Dropped">Position of the sample that it displaces; −1: none.</param>
/// <param name="Values">Values of the lines.</param>
/// <param name="Layout">The layout of the lines that the values belong to.</param>
internal readonly record struct ChartSample(double At, int Dropped, double[] Values, int Layout);

/// <summary>Makes samples of the charts from counters. Not thread-safe.</summary>
internal sealed class ChartSamples
{
    private const int MaxCounters = 4,
        MaxNew = 50;

    private readonly Queue<SeriesSample> _counters = new();
    private readonly List<ChartSample> _new = [];

    public Timeline Timeline { get; } = new();

    /// <summary>Counters a few seconds ago; null when there are none.</summary>
    public SeriesSample? Oldest => _counters.Count > 0 ? _counters.Peek() : null;

    /// <summary>Counters now; null when there are none.</summary>
    public SeriesSample? Newest => _counters.Count > 0 ? _counters.Last() : null;

    public void Clear()
    {
        Timeline.Clear();
        _new.Clear();
        _counters.Clear();
    }

    /// <summary>The samples since the last call.</summary>
    public ImmutableArray<ChartSample> TakeNew()
    {
        ImmutableArray<ChartSample> taken = [.. _new];
        _new.Clear();
        return taken;
    }

    /// <summary>Adds the newest counters of a report, with its verdict.</summary>
    public void AddNewest(RunReport report)
    {
        var phase = report.Latest;
        if (report.Details.Series is [.., var newest])
            Add(newest, [.. phase.Pods.Select(p => p.Pod)], report.ClientNode, phase.Delivery.Successes);
    }

    /// <summary>Adds counters, unless they are not newer than the last ones.</summary>
    public void Add(SeriesSample counters, ImmutableArray<BackendPod> pods, string clientNode, Verdict? verdict)
    {
        if (Newest is { } last && counters.At <= last.At)
            return;
        _counters.Enqueue(counters);
        if (_counters.Count > MaxCounters)
            _counters.Dequeue();
        List<KeyValuePair<TimelineLine, double>> values = [];
        void Line(string chart, string row, double value, int status = 0) =>
            values.Add(KeyValuePair.Create(new TimelineLine(chart, row, status), value));
        foreach (var group in PodRowBuilder.Group(pods, p => p, clientNode))
        {
            var counts = group.Select(p => counters.Pods.GetValueOrDefault(p.HubbleName)).OfType<PodCounts>().ToList();
            Line("echo", group.Key, counts.Sum(c => c.Echo));
            Line("requests", group.Key, counts.Sum(c => c.Requests));
            foreach (var status in counts.SelectMany(c => c.Responses).GroupBy(r => r.Key))
                Line("responses", group.Key, status.Sum(s => s.Value), status.Key);
        }
        if (pods.Length > PodRowBuilder.MaxRows)
            foreach (var pod in pods.Take(PodRowBuilder.MaxPods))
                if (counters.Pods.GetValueOrDefault(pod.HubbleName) is { } counts)
                    Line("pods", pod.HubbleName, counts.Echo);
        if (verdict is not null)
        {
            Line("evidence", "skewed", PageVerdict.Finite(verdict.LogEvidenceSkewed));
            Line("evidence", "even", PageVerdict.Finite(verdict.LogEvidenceEven));
        }
        var dropped = Timeline.Add(counters.At, values);
        _new.Add(new ChartSample(counters.At, dropped, Timeline.Samples[^1].Values, Timeline.Layout));
        if (_new.Count > MaxNew)
            _new.RemoveAt(0); // no page is open
    }
}
