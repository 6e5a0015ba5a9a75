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
        var pods = new ServicePods(objects.Service);
        List<Target> targets = [.. objects.Agents.Select(a => HubbleTarget(a, pods))];
        if (ScrapesBackends())
            targets.AddRange(
                endpoints.Where(e => e.Serves || !e.Terminating).Select(e => BackendTarget(e.Pod, objects))
            );
        RequestsPerReading = targets.Count;
        await budget.TakeAsync(RequestsPerReading, cancellationToken);
        var before = time.GetUtcNow();
        using var slots = new SemaphoreSlim(MaxParallel);
        var answers = await Task.WhenAll(targets.Select(t => ScrapeAsync(t, slots, cancellationToken)));
        var scrapes = answers.Select(a => a.Scrape).ToList();
        var at = before + (time.GetUtcNow() - before) / 2;
        NoteBackends([.. scrapes.Where(s => s.Target.Kind is TargetKind.Backend)]);
        // Pods that never had the metric are not missing targets: they are another kind of Pod.
        var counted = scrapes.Where(s => _roundsWithoutMetric == 0 || s.Error != _withoutMetric);
        var notes = new HubbleNotes();
        foreach (var answer in answers)
            notes.Add(answer.Notes);
        return [(at, new ScrapeRound(0, [.. counted]) { Notes = [.. notes.All] })];
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
    /// <param name="Read">The counter of a sample.</param>
    private sealed record Target(
        TargetScrape Scrape,
        string Namespace,
        string Pod,
        int Port,
        Func<PrometheusSample, HubbleReading> Read
    );

    /// <summary>What came of a target.</summary>
    /// <param name="Scrape">Its counters, or why there are none.</param>
    /// <param name="Notes">What a reader must know of them.</param>
    private sealed record Answer(TargetScrape Scrape, HubbleNotes Notes);

    private static Target HubbleTarget(ObservedAgent agent, ServicePods pods)
    {
        var target = new ScrapeTarget(TargetKind.Hubble, agent.Node);
        var scrape = new TargetScrape(target, null, Incarnation: agent.Incarnation);
        return new Target(scrape, agent.Namespace, agent.Pod, agent.Port, sample =>
            HubbleSamples.Read(sample.Name, label => sample[label], target, pods)
        );
    }

    private Target BackendTarget(BackendPod pod, ServiceObjectsRead objects)
    {
        var target = new ScrapeTarget(TargetKind.Backend, pod.HubbleName);
        var key = new CounterKey(CounterKind.Reached, target, Pod: pod.HubbleName);
        var incarnation = objects.Incarnations.GetValueOrDefault(pod.HubbleName, "");
        var port = options.BackendPort ?? objects.TargetPort;
        var scrape = new TargetScrape(target, null, Incarnation: incarnation);
        return new Target(scrape, pod.Namespace, pod.Name, port, sample =>
            sample.Name == options.BackendMetric ? new HubbleReading(key) : default
        );
    }

    private async Task<Answer> ScrapeAsync(Target target, SemaphoreSlim slots, CancellationToken cancellationToken)
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

    private async Task<Answer> ScrapeAsync(Target target, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.TargetTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var text = await _proxy.GetAsync(target.Namespace, target.Pod, target.Port, "/metrics", either.Token);
            return Read(target, PrometheusSamples.Parse(text));
        }
        catch (HttpRequestException e)
            when (e.StatusCode is HttpStatusCode.NotFound && target.Scrape.Target.Kind is TargetKind.Backend)
        {
            return Failed(target, _withoutMetric);
        }
        catch (Exception e) when (e is HttpRequestException or FormatException or IOException)
        {
            return Failed(target, e.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var seconds = options.TargetTimeout.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);
            return Failed(target, $"no complete answer within {seconds} s");
        }
    }

    private static Answer Read(Target target, IReadOnlyList<PrometheusSample> samples)
    {
        var counters = ImmutableDictionary.CreateBuilder<CounterKey, double>();
        var (notes, series) = (new HubbleNotes(), new Dictionary<string, double>(StringComparer.Ordinal));
        foreach (var sample in samples)
        {
            var reading = target.Read(sample);
            notes.Add(reading);
            if (reading.Problem is { } unreadable)
                return Failed(target, unreadable);
            if (reading.Key is not { } key)
                continue;
            if (!series.TryAdd(Identity(sample), sample.Value))
            {
                if (series[Identity(sample)].Equals(sample.Value))
                    continue;
                return Failed(target, $"{sample.Name} has one series twice, with different values");
            }
            if (HubbleSamples.Add(counters, sample.Name, label => sample[label], key, sample.Value) is { } problem)
                return Failed(target, problem);
        }
        // A counter that was never incremented is not exported yet.
        return new Answer(target.Scrape with { Counters = counters.ToImmutable() }, notes);
    }

    private static string Identity(PrometheusSample sample) =>
        string.Join('\u0001', sample.Labels.OrderBy(l => l.Key, StringComparer.Ordinal).Prepend(new("", sample.Name)));

    private static Answer Failed(Target target, string error) =>
        new(TargetScrape.Failed(target.Scrape.Target, error), new HubbleNotes());
}
