using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Observation;
using k8s;

namespace CiliumDebugging.Lab.Observing;

/// <summary>
/// Scrapes the Hubble metrics of every agent and the backends' own metrics, through the API server's pod proxy.
/// </summary>
internal sealed class DirectScrapes(Kubernetes cluster, ObserveOptions options, RequestBudget budget, TimeProvider time)
    : ICounterSource
{
    private const int MaxParallel = 8;

    /// <summary>Longest error text of a target.</summary>
    private const int MaxError = 200;

    /// <summary>After this many rounds in which no backend had the metric they are not scraped for a while.</summary>
    private const int MaxRoundsWithoutMetric = 3;

    private static readonly TimeSpan s_pause = TimeSpan.FromMinutes(1);

    private readonly PodProxyClient _proxy = new(cluster);
    private readonly string _withoutMetric = $"no metric {options.BackendMetric}";
    private int _roundsWithoutMetric;
    private long? _pausedAt;

    public string Description => $"Hubble's and the pods' metrics, scraped through {cluster.BaseUri}";

    public int RequestsPerReading { get; private set; } = 1;

    public async Task<IReadOnlyList<(DateTimeOffset At, ScrapeRound Round)>> ReadAsync(
        ServiceObjectsRead objects,
        DateTimeOffset since,
        CancellationToken cancellationToken
    )
    {
        var endpoints = objects.Service.Endpoints;
        var names = endpoints.Select(e => e.Pod.HubbleName).ToHashSet(StringComparer.Ordinal);
        List<Target> targets = [.. objects.Agents.Select(a => HubbleTarget(a, names))];
        if (ScrapesBackends())
            targets.AddRange(endpoints.Where(e => !e.Terminating).Select(e => BackendTarget(e.Pod, objects)));
        RequestsPerReading = targets.Count;
        await budget.TakeAsync(RequestsPerReading, cancellationToken);
        var before = time.GetUtcNow();
        using var slots = new SemaphoreSlim(MaxParallel);
        var scrapes = await Task.WhenAll(targets.Select(t => ScrapeAsync(t, slots, cancellationToken)));
        var at = before + (time.GetUtcNow() - before) / 2;
        NoteBackends([.. scrapes.Where(s => s.Target.Kind is TargetKind.Backend)]);
        // Pods that never had the metric are not missing targets: they are another kind of Pod.
        var counted = scrapes.Where(s => _roundsWithoutMetric == 0 || s.Error != _withoutMetric);
        return [(at, new ScrapeRound(0, [.. counted]))];
    }

    private bool ScrapesBackends() =>
        options.BackendMetric.Length > 0 && (_pausedAt is not { } since || time.GetElapsedTime(since) >= s_pause);

    private void NoteBackends(List<TargetScrape> backends)
    {
        if (backends.Count == 0)
            return;
        _roundsWithoutMetric = backends.All(s => s.Error == _withoutMetric) ? _roundsWithoutMetric + 1 : 0;
        _pausedAt = _roundsWithoutMetric >= MaxRoundsWithoutMetric ? time.GetTimestamp() : null;
    }

    /// <summary>A <c>/metrics</c> to scrape.</summary>
    /// <param name="Scrape">Target and incarnation.</param>
    /// <param name="Namespace">Namespace of the Pod.</param>
    /// <param name="Pod">Name of the Pod.</param>
    /// <param name="Port">Its port.</param>
    /// <param name="KeyOf">The counter of a sample; null: it is not wanted.</param>
    private sealed record Target(
        TargetScrape Scrape,
        string Namespace,
        string Pod,
        int Port,
        Func<PrometheusSample, CounterKey?> KeyOf
    );

    private static Target HubbleTarget(ObservedAgent agent, HashSet<string> pods)
    {
        var target = new ScrapeTarget(TargetKind.Hubble, agent.Node);
        var scrape = new TargetScrape(target, null, Incarnation: agent.Incarnation);
        return new Target(scrape, agent.Namespace, agent.Pod, agent.Port, KeyOf);

        CounterKey? KeyOf(PrometheusSample sample)
        {
            var key = HubbleSamples.Key(sample.Name, label => sample[label], target);
            return key is { Kind: CounterKind.Lost } || (key is { } of && pods.Contains(of.Pod)) ? key : null;
        }
    }

    private Target BackendTarget(BackendPod pod, ServiceObjectsRead objects)
    {
        var target = new ScrapeTarget(TargetKind.Backend, pod.HubbleName);
        var key = new CounterKey(CounterKind.Reached, target, Pod: pod.HubbleName);
        var incarnation = objects.Incarnations.GetValueOrDefault(pod.HubbleName, "");
        var port = options.BackendPort ?? objects.TargetPort;
        var scrape = new TargetScrape(target, null, Incarnation: incarnation);
        return new Target(scrape, pod.Namespace, pod.Name, port, s => s.Name == options.BackendMetric ? key : null);
    }

    private async Task<TargetScrape> ScrapeAsync(
        Target target,
        SemaphoreSlim slots,
        CancellationToken cancellationToken
    )
    {
        await slots.WaitAsync(cancellationToken);
        try
        {
            return await ScrapeAsync(target, cancellationToken);
        }
        finally
        {
            slots.Release();
        }
    }

    private async Task<TargetScrape> ScrapeAsync(Target target, CancellationToken cancellationToken)
    {
        var of = target.Scrape.Target;
        using var limit = new CancellationTokenSource(options.TargetTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var text = await _proxy.GetAsync(target.Namespace, target.Pod, target.Port, "/metrics", either.Token);
            var counters = ImmutableDictionary.CreateBuilder<CounterKey, double>();
            foreach (var sample in PrometheusSamples.Parse(text))
            {
                if (target.KeyOf(sample) is not { } key)
                    continue;
                if (HubbleSamples.Add(counters, sample.Name, key, sample.Value) is { } problem)
                    return TargetScrape.Failed(of, problem);
            }
            // A counter that was never incremented is not exported yet.
            return target.Scrape with { Counters = counters.ToImmutable() };
        }
        catch (HttpRequestException e) when (e.StatusCode is HttpStatusCode.NotFound && of.Kind is TargetKind.Backend)
        {
            return TargetScrape.Failed(of, _withoutMetric);
        }
        catch (Exception e) when (e is HttpRequestException or FormatException or IOException)
        {
            return TargetScrape.Failed(of, OneLine(e.Message));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var seconds = options.TargetTimeout.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);
            return TargetScrape.Failed(of, $"no complete answer within {seconds} s");
        }
    }

    private static string OneLine(string text)
    {
        var line = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
        return line.Length <= MaxError ? line : $"{line[..(MaxError - 1)]}…";
    }
}
