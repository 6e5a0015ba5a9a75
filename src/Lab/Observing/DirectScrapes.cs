using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Observation;
using k8s;

namespace CiliumDebugging.Lab.Observing;

/// <summary>Scrapes Hubble's metrics of every agent and the backends' own, through the API server's pod proxy.</summary>
internal sealed class DirectScrapes(Kubernetes cluster, ObserveOptions options, RequestBudget budget, TimeProvider time)
    : ICounterSource
{
    private const int AtOnce = 8;

    /// <summary>After as many rounds in which no backend had the metric they are left alone for a while.</summary>
    private const int Patience = 3;

    private static readonly TimeSpan s_askAgain = TimeSpan.FromMinutes(1);

    private readonly PodProxyClient _proxy = new(cluster);
    private int _backendsWithout;
    private long? _leftAloneSince;

    public string Description =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"Hubble's and the pods' metrics, scraped through {cluster.BaseUri}"
        );

    public int RequestsPerReading { get; private set; } = 1;

    public async Task<IReadOnlyList<(DateTimeOffset At, ScrapeRound Round)>> ReadAsync(
        ServiceObjectsRead objects,
        DateTimeOffset since,
        CancellationToken cancellationToken
    )
    {
        var pods = objects.Service.Endpoints.Select(e => e.Pod.HubbleName).ToHashSet(StringComparer.Ordinal);
        using var slots = new SemaphoreSlim(AtOnce);
        var askBackends = AsksBackends();
        List<Func<Task<TargetScrape>>> agents =
        [
            .. objects.Agents.Select(a => new Func<Task<TargetScrape>>(() => HubbleAsync(a, pods, cancellationToken))),
        ];
        List<Func<Task<TargetScrape>>> backends = askBackends
            ?
            [
                .. objects
                    .Service.Endpoints.Where(e => !e.Terminating)
                    .Select(e => new Func<Task<TargetScrape>>(() => BackendAsync(e.Pod, objects, cancellationToken))),
            ]
            : [];
        RequestsPerReading = agents.Count + backends.Count;
        await budget.TakeAsync(RequestsPerReading, cancellationToken);
        var before = time.GetUtcNow();
        var scrapes = await Task.WhenAll(
            agents
                .Concat(backends)
                .Select(async scrape =>
                {
                    await slots.WaitAsync(cancellationToken);
                    try
                    {
                        return await scrape();
                    }
                    finally
                    {
                        slots.Release();
                    }
                })
        );
        var at = before + (time.GetUtcNow() - before) / 2;
        // Pods that never had such a metric are no missing targets, they are just not this kind of Pod.
        var own = scrapes.Where(s => s.Target.Kind is TargetKind.Backend).ToList();
        if (own.Count > 0)
            Note(own.All(s => s.Error == WithoutMetric(options)));
        return
        [
            (
                at,
                new ScrapeRound(0, [.. scrapes.Where(s => _backendsWithout == 0 || s.Error != WithoutMetric(options))])
            ),
        ];
    }

    private bool AsksBackends()
    {
        if (options.BackendMetric.Length == 0)
            return false;
        return _leftAloneSince is not { } since || time.GetElapsedTime(since) >= s_askAgain;
    }

    private void Note(bool noneHasIt)
    {
        _backendsWithout = noneHasIt ? _backendsWithout + 1 : 0;
        _leftAloneSince = _backendsWithout >= Patience ? time.GetTimestamp() : null;
    }

    private static string WithoutMetric(ObserveOptions options) => $"no metric {options.BackendMetric}";

    private Task<TargetScrape> HubbleAsync(
        ObservedAgent agent,
        HashSet<string> pods,
        CancellationToken cancellationToken
    )
    {
        var target = new ScrapeTarget(TargetKind.Hubble, agent.Node);
        return ReadAsync(
            target,
            "kube-system",
            agent.Pod,
            agent.Port,
            samples =>
            {
                var counters = ImmutableDictionary.CreateBuilder<CounterKey, double>();
                foreach (var sample in samples)
                {
                    if (
                        HubbleSamples.Key(sample.Name, label => sample[label], target) is not { } key
                        || (key.Kind is not CounterKind.Lost && !pods.Contains(key.Pod))
                    )
                        continue;
                    if (HubbleSamples.Add(counters, sample.Name, key, sample.Value) is { } problem)
                        return TargetScrape.Failed(target, problem);
                }
                return new TargetScrape(target, counters.ToImmutable(), Incarnation: agent.Incarnation);
            },
            cancellationToken
        );
    }

    private Task<TargetScrape> BackendAsync(
        BackendPod pod,
        ServiceObjectsRead objects,
        CancellationToken cancellationToken
    )
    {
        var target = new ScrapeTarget(TargetKind.Backend, pod.HubbleName);
        var incarnation = objects.Incarnations.GetValueOrDefault(pod.HubbleName, "");
        return ReadAsync(
            target,
            pod.Namespace,
            pod.Name,
            options.BackendPort ?? objects.TargetPort,
            samples =>
            {
                var counters = ImmutableDictionary.CreateBuilder<CounterKey, double>();
                foreach (var sample in samples.Where(s => s.Name == options.BackendMetric))
                {
                    if (
                        HubbleSamples.Add(
                            counters,
                            sample.Name,
                            new CounterKey(CounterKind.Reached, target, Pod: pod.HubbleName),
                            sample.Value
                        ) is
                        { } problem
                    )
                        return TargetScrape.Failed(target, problem);
                }
                // A counter that was never incremented is not there yet.
                return new TargetScrape(target, counters.ToImmutable(), Incarnation: incarnation);
            },
            cancellationToken
        );
    }

    private async Task<TargetScrape> ReadAsync(
        ScrapeTarget target,
        string ns,
        string pod,
        int port,
        Func<IReadOnlyList<PrometheusSample>, TargetScrape> read,
        CancellationToken cancellationToken
    )
    {
        using var limit = new CancellationTokenSource(options.TargetTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return read(PrometheusSamples.Parse(await _proxy.GetAsync(ns, pod, port, "/metrics", either.Token)));
        }
        catch (HttpRequestException e)
            when (e.StatusCode is HttpStatusCode.NotFound && target.Kind is TargetKind.Backend)
        {
            return TargetScrape.Failed(target, WithoutMetric(options));
        }
        catch (Exception e) when (e is HttpRequestException or FormatException or IOException)
        {
            return TargetScrape.Failed(target, OneLine(e.Message));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return TargetScrape.Failed(
                target,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"no complete answer within {options.TargetTimeout.TotalSeconds:0.#} s"
                )
            );
        }
    }

    private static string OneLine(string text)
    {
        var line = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
        return line.Length <= 200 ? line : $"{line[..199]}…";
    }
}
