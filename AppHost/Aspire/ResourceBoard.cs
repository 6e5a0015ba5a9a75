using System.Collections.Immutable;
using CiliumDebugging.ClusterSetup.Steering;
using CiliumDebugging.LoadTest.Page;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CiliumDebugging.AppHost;

/// <summary>
/// Shows the run where one looks first in the dashboard, the Resources table, once a second: rate and share of each backend, the verdict as the state of the distribution, links to the page and
/// the reports; steps and events go to the distribution's log.
/// </summary>
internal sealed class ResourceBoard : IAsyncDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);
    private readonly DistributionResource _distribution;
    private readonly PageFeed _feed;
    private readonly PageServer _page;
    private readonly Watched _watched;
    private readonly ResourceNotificationService _notifications;
    private readonly RunLog _log;
    private readonly IResource[] _resources;
    private readonly CancellationTokenSource _stop = new();
    private readonly IDisposable _watching;
    private readonly Task _showing;
    private HealthStatus _health = HealthStatus.Healthy;

    public ResourceBoard(DistributionResource distribution, PageFeed feed, PageServer page, Watched watched, InitializeResourceEvent init)
    {
        (_distribution, _feed, _page, _watched, _notifications, _log) = (distribution, feed, page, watched, init.Notifications, new RunLog(init.Logger));
        _resources = [.. watched.Backends.Select(b => b.Resource)];
        _watching = feed.Watch();
        _showing = ShowAsync();
    }

    private async Task ShowAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            _log.Say(_feed.State);
            await PublishAsync();
            await Task.Delay(s_interval, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await PublishAsync();
    }

    private async Task PublishAsync()
    {
        var (state, lab) = (_feed.State, _feed.Lab);
        var links = Links(lab);
        await _notifications.PublishUpdateAsync(_distribution, s => Show(s, BackendTexts.OfDistribution(state)) with { Urls = links });
        foreach (var backend in _watched.Backends)
        {
            var slot = backend.Resource.Annotations.OfType<PodAnnotation>().Single().Slot;
            var text = BackendTexts.OfBackend(state, BackendSlots.PodOf(slot, _resources, lab.Pods)?.HubbleName, slot.Node);
            await _notifications.PublishUpdateAsync(backend.Resource, s => ShowRunning(s, text));
        }
        // A healthy resource is asked every 30 s only, unless its state changes: for a moment, so that it turns unhealthy when the page does.
        var before = _health;
        _health = DistributionHealth.StatusOf(state);
        foreach (var loadTest in _watched.LoadTest)
        {
            if (before is HealthStatus.Healthy && _health is not HealthStatus.Healthy)
                await _notifications.PublishUpdateAsync(loadTest.Resource, s => s.State?.Text == KnownResourceStates.Running ? s with { State = new ResourceStateSnapshot("Running · checking", KnownResourceStateStyles.Info) } : s);
            await _notifications.PublishUpdateAsync(loadTest.Resource, s => ShowLoad(s, state, links[0]));
        }
    }

    private ImmutableArray<UrlSnapshot> Links(LabInfo lab)
    {
        ImmutableArray<UrlSnapshot> links =
        [
            Link("page", $"{_page.Link}", "Live page", 3), Link("metrics", $"{new Uri(_page.Address, "metrics")}", "Metrics", 1),
        ];
        return lab.Reports is [var newest, ..] ? links.Insert(1, Link("report", $"{new Uri(_page.Address, $"reports/{newest.Id}/report.html")}", "Report", 2)) : links;
    }

    private static UrlSnapshot Link(string name, string url, string title, int order) => new(name, url, IsInternal: false) { DisplayProperties = new UrlDisplayPropertiesSnapshot(title, order) };

    private static CustomResourceSnapshot Show(CustomResourceSnapshot snapshot, ResourceText text) => snapshot with { State = text.State, Properties = Merge(snapshot.Properties, text.Properties) };

    /// <summary>Only a process that runs is told about: what else it is, its orchestrator says.</summary>
    private static CustomResourceSnapshot ShowRunning(CustomResourceSnapshot snapshot, ResourceText? text) =>
        !BackendTexts.Runs(snapshot.State) ? snapshot : text is null ? snapshot with { State = KnownResourceStates.Running } : Show(snapshot, text);

    /// <summary>The load test stays plainly running: its health, which only such a resource has, is what speaks.</summary>
    private static CustomResourceSnapshot ShowLoad(CustomResourceSnapshot snapshot, LabState state, UrlSnapshot page) => !BackendTexts.Runs(snapshot.State) ? snapshot : snapshot with
    {
        State = KnownResourceStates.Running,
        Properties = Merge(snapshot.Properties, [("situation", state.Situation.Headline), ("requests", state.Requests), ("requests/s", state.RatePerSecond)]),
        Urls = [.. snapshot.Urls.Where(u => u.Name != page.Name), page],
    };

    private static ImmutableArray<ResourcePropertySnapshot> Merge(ImmutableArray<ResourcePropertySnapshot> old, IReadOnlyList<(string Name, object Value)> now) =>
        [.. old.Where(p => now.All(n => n.Name != p.Name)), .. now.Select(n => new ResourcePropertySnapshot(n.Name, n.Value))];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _showing;
        _watching.Dispose();
        _stop.Dispose();
    }
}
