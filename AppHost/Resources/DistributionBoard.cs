// The interaction service is marked as subject to change; it is the one way to a message in the dashboard.
#pragma warning disable ASPIREINTERACTION001
using System.Collections.Immutable;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>
/// Shows the run in the distribution's row, its log and, once there is a verdict of skew, as a message. Looks once a
/// second.
/// </summary>
internal sealed partial class DistributionBoard : IAsyncDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);
    private readonly DistributionResource _distribution;
    private readonly LiveState _feed;
    private readonly PageServer _page;
    private readonly string _cluster;
    private readonly ResourceNotificationService _notifications;
    private readonly IInteractionService _interactions;
    private readonly RunLog _log;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly IDisposable _watching;
    private readonly Task _showing;
    private string _shown = "",
        _notified = "";
    private Task _message = Task.CompletedTask;

    public DistributionBoard(
        DistributionResource distribution,
        LiveState feed,
        PageServer page,
        string cluster,
        InitializeResourceEvent init
    )
    {
        (_distribution, _feed, _page, _cluster, _notifications, _log) = (
            distribution,
            feed,
            page,
            cluster,
            init.Notifications,
            new RunLog(init.Logger)
        );
        _logger = init.Logger;
        _interactions = init.Services.GetRequiredService<IInteractionService>();
        _watching = feed.Watch();
        _showing = ShowAsync();
    }

    private async Task ShowAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await ShowOnceAsync();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // A run must not fail because it could not be shown.
                LogNotShown(_logger, e);
            }
            await Task.Delay(s_interval, TimeProvider.System, _stop.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ShowOnceAsync()
    {
        var (state, lab) = (_feed.State, _feed.Lab);
        _log.Say(state);
        Notify(state);
        var text = DistributionText.Of(state, _cluster);
        // These enable commands as well: Aspire evaluates them when a row is published.
        var key = $"{text.Key}\n{state.Activity}\n{string.Join(',', lab.Policies)}\n{lab.Reports.Length}";
        if (key == _shown)
            return;
        _shown = key;
        var links = Links(lab);
        await _notifications.PublishUpdateAsync(_distribution, s => text.ApplyTo(s, page: null) with { Urls = links });
    }

    /// <summary>A message at the verdict, one for each scenario and mechanism. It needs no answer.</summary>
    private void Notify(PageState state)
    {
        if (
            state.Verdict is not { Kind: VerdictKind.Skewed }
            || state.Diagnosis is not { } diagnosis
            || !DiagnosisResult.IsMechanism(diagnosis.Name)
        )
            return;
        var about = $"{state.Scenario}/{diagnosis.Name}";
        if (_notified == about || !_interactions.IsAvailable || !_message.IsCompleted)
            return;
        _notified = about;
        var options = new NotificationInteractionOptions
        {
            Intent = MessageIntent.Warning,
            LinkText = "Open the live page",
            LinkUrl = $"{_page.Link}",
        };
        _message = NotifyAsync(state.Situation.Headline, diagnosis.Sentence, options);
    }

    private async Task NotifyAsync(string title, string message, NotificationInteractionOptions options)
    {
        try
        {
            await _interactions.PromptNotificationAsync(title, message, options, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The lab ends.
        }
    }

    private ImmutableArray<UrlSnapshot> Links(PageInfo lab)
    {
        ImmutableArray<UrlSnapshot> links =
        [
            Link("page", $"{_page.Link}", "Live page", 3),
            Link("metrics", $"{new Uri(_page.Address, "metrics")}", "Metrics", 1),
        ];
        return lab.Reports is [var newest, ..]
            ? links.Insert(
                1,
                Link("report", $"{new Uri(_page.Address, $"reports/{newest.Id}/report.html")}", "Report", 2)
            )
            : links;
    }

    private static UrlSnapshot Link(string name, string url, string title, int order) =>
        new(name, url, IsInternal: false) { DisplayProperties = new UrlDisplayPropertiesSnapshot(title, order) };

    [LoggerMessage(Level = LogLevel.Error, Message = "The row of the distribution could not be shown")]
    private static partial void LogNotShown(ILogger logger, Exception exception);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _showing;
        await ShowOnceAsync();
        await _message;
        _watching.Dispose();
        _stop.Dispose();
    }
}
