using System.Collections.Immutable;
using System.Globalization;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>
/// Series of three agents and their backends as a Prometheus keeps them, and what is read out of them.
/// </summary>
internal static class SeriesInTheWild
{
    internal const double Interval = 5,
        Start = 1_700_000_000;
    internal const int Scrapes = 60,
        PerScrape = 100;

    /// <summary>What the three agents count from the first scrape to the last, about.</summary>
    internal const double TotalRequests = 3 * PerScrape * (Scrapes - 1);

    /// <summary>Three agents of Cilium 1.9, each with its backend's requests, losses and <c>up</c>.</summary>
    internal static IEnumerable<RawSeries> Cluster(params (string Name, string Value)[] more)
    {
        for (var i = 0; i < 3; i++)
        {
            var random = new Random(i);
            double[] counts = new double[Scrapes];
            for (var n = 0; n < Scrapes; n++)
                counts[n] = (n == 0 ? 1000 : counts[n - 1]) + PerScrape + random.Next(-10, 11);
            var (pod, client) = ($"backend/backend-1-{i}", "load-test/client");
            (string, string)[] request = [("destination", pod), ("source", client), ("method", "POST"), .. more];
            (string, string)[] response = [("source", pod), ("destination", client), ("status", "200"), .. more];
            yield return Series("hubble_http_requests_total", i, i * 0.1, n => counts[n], request);
            yield return Series("hubble_http_responses_total", i, i * 0.1, n => counts[n], response);
            yield return Series("up", i, i * 0.1, _ => 1, more);
            yield return Series("hubble_lost_events_total", i, i * 0.1, _ => 0, more);
        }
    }

    internal static RawSeries Series(
        string metric,
        int node,
        double shift,
        Func<int, double> value,
        params (string Name, string Value)[] labels
    ) =>
        With(
            new RawSeries(
                ImmutableSortedDictionary<string, string>.Empty,
                [.. Enumerable.Range(0, Scrapes).Select(n => (Start + shift + Interval * n, value(n)))]
            ),
            [
                ("__name__", metric),
                ("job", "hubble-metrics"),
                ("instance", $"10.0.0.{node}:9965"),
                ("namespace", "kube-system"),
                ("pod", $"cilium-{node}"),
                ("node", $"n{node}"),
                .. labels,
            ]
        );

    internal static RawSeries With(RawSeries series, params (string Name, string Value)[] labels)
    {
        var all = series.Labels;
        foreach (var (name, value) in labels)
            all = value.Length == 0 ? all.Remove(name) : all.SetItem(name, value);
        return series with { Labels = all };
    }

    /// <summary>The same counter, scraped later: a little higher.</summary>
    internal static RawSeries Later(RawSeries series, double seconds)
    {
        double Next(int i) => series.Samples[Math.Min(i + 1, series.Samples.Length - 1)].Value;
        return series with
        {
            Samples =
            [
                .. series.Samples.Select(
                    (s, i) => (s.At + seconds, Math.Floor(s.Value + (Next(i) - s.Value) * seconds / Interval))
                ),
            ],
        };
    }

    internal static RawSeries Named(RawSeries series, string context)
    {
        if (!series.Metric.StartsWith("hubble_http", StringComparison.Ordinal))
            return series;
        foreach (var side in (string[])["source", "destination"])
        {
            var (name, i) = (series[side], series[side][^1..]);
            if (!name.StartsWith("backend/", StringComparison.Ordinal))
                continue;
            (string, string)[] labels = context switch
            {
                "pod and namespace" =>
                [
                    (side, ""),
                    ($"{side}_pod", name.Split('/')[1]),
                    ($"{side}_namespace", "backend"),
                    ($"{side}_workload", "backend-1"),
                ],
                "address" => [(side, ""), ($"{side}_ip", $"10.1.0.{i}")],
                "workload beside the address" => [(side, "backend/backend-1"), ($"{side}_ip", $"10.1.0.{i}")],
                "address as destination" => [(side, $"10.1.0.{i}")],
                "workload" => [(side, "backend/backend-1")],
                "workload label" => [(side, ""), ($"{side}_workload", "backend-1")],
                "pod without namespace" => [(side, "backend-1-0")],
                "namespace" => [(side, "backend")],
                _ => [(side, "")],
            };
            series = With(series, labels);
        }
        return series;
    }

    internal static double Requests(IEnumerable<RawSeries> series) => Requests(Observe(Rounds([.. series])));

    internal static double Requests(ServiceObserver observer) =>
        observer.Hubble.Totals.Where(t => t.Key.Kind == CounterKind.Requests).Sum(t => t.Value);

    internal static IReadOnlyList<ScrapeRound> Rounds(
        IReadOnlyCollection<RawSeries> series,
        HubbleNotes? notes = null
    ) =>
        new ScrapedTargets(
            Objects,
            new ObserveOptions("backend", "backend-1"),
            series,
            notes ?? new HubbleNotes()
        ).Rounds(Start - 1, Start + Interval * Scrapes);

    internal static ServiceObserver Observe(IReadOnlyList<ScrapeRound> rounds)
    {
        var observer = new ServiceObserver(Objects.Service);
        foreach (var round in rounds)
            observer.Add(round with { At = round.At - Start }, Objects.Service);
        return observer;
    }

    internal static ImmutableArray<QualityFinding> Gate(ServiceObserver observer) =>
        QualityGate.Check(observer.Hubble, observer.Service);

    internal static ServiceObjectsRead Objects { get; } =
        new(
            new ObservedService(
                "backend",
                "backend-1",
                [
                    .. Enumerable
                        .Range(0, 3)
                        .Select(i => new ObservedEndpoint(
                            new BackendPod(Name(i), "backend", $"n{i}"),
                            new EndpointFacts(true, null, [], null),
                            false
                        )
                        {
                            Addresses = [$"10.1.0.{i.ToString(CultureInfo.InvariantCulture)}"],
                        }),
                ],
                ServiceFacts.Unknown,
                ImmutableDictionary.CreateRange([
                    KeyValuePair.Create("load-test/client", new ClientPath("n2", false, true)),
                ]),
                ImmutableDictionary<string, string>.Empty,
                ClusterIdentity.Unknown,
                ImmutableSortedDictionary<string, string>.Empty
            ),
            [
                .. Enumerable
                    .Range(0, 3)
                    .Select(i => new ObservedAgent("kube-system", $"cilium-{i}", $"n{i}", 9965, "", [$"10.0.0.{i}"])),
            ],
            ImmutableDictionary<string, string>.Empty,
            null,
            8080
        );

    internal static string Name(int i) => string.Create(CultureInfo.InvariantCulture, $"backend-1-{i}");
}
