using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.Measurement.Runs;
using k8s;
using Spectre.Console;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>How the live page is served.</summary>
/// <param name="Port">The loopback port; null: the usual one, or a free one when it is taken.</param>
/// <param name="Linger">How long it stays after a run, taking orders; zero: it ends with the run.</param>
/// <param name="MetricsPort">Port on every address for /metrics alone; null: the page's own.</param>
/// <param name="ShowsOnly">
/// Say its address without the token that steers the run: whoever reads a pod's log must not have it.
/// </param>
internal sealed record PageChoice(int? Port, TimeSpan Linger, int? MetricsPort, bool ShowsOnly);

/// <summary>The options of the live page.</summary>
internal sealed class PageSymbols
{
    private readonly Option<bool> _page = new("--page")
    {
        Description =
            "Serve the live page on loopback while it runs. With --in-cluster the page shows and does not steer.",
    };
    private readonly Option<int?> _port = new("--page-port")
    {
        HelpName = "PORT",
        Description = $"Port of the page, 1 to 65535. Default {PageServer.PreferredPort}.",
    };
    private readonly Option<int?> _metricsPort = new("--metrics-port")
    {
        HelpName = "PORT",
        Description =
            "Serve /metrics, which the page has on loopback, on this port of every address as well, for a Prometheus elsewhere.",
    };
    private readonly Option<TimeSpan?> _linger = LoadSymbols.Duration(
        "--linger",
        "How long the page stays after the run, for its reports and for other runs"
    );

    /// <summary>The options.</summary>
    public IEnumerable<Option> Options => [_page, _port, _metricsPort, _linger];

    /// <summary>Complains about what has no meaning.</summary>
    public void Validate(CommandResult result)
    {
        foreach (var option in (Option<int?>[])[_port, _metricsPort])
            if (result.GetValue(option) is { } port and not (>= 1 and <= 65535))
                result.AddError($"{option.Name} {port}: must be a whole number from 1 to 65535");
        if (
            !result.GetValue(_page)
            && (
                result.GetValue(_port) is not null
                || result.GetValue(_metricsPort) is not null
                || result.GetValue(_linger) is not null
            )
        )
            result.AddError("--page-port, --metrics-port, --linger: only with --page");
    }

    /// <summary>What was asked for; null: no page.</summary>
    public PageChoice? Read(ParseResult parsed, bool inCluster = false) =>
        parsed.GetValue(_page)
            ? new PageChoice(
                parsed.GetValue(_port),
                parsed.GetValue(_linger) ?? TimeSpan.Zero,
                parsed.GetValue(_metricsPort),
                inCluster
            )
            : null;
}

/// <summary>
/// Runs a scenario on a cluster that is there with the live page beside it, and what the page asks for afterwards.
/// </summary>
internal static class ScenarioPage
{
    /// <summary>Runs it.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="rights">How it may be used.</param>
    /// <param name="first">The scenario that is run at once.</param>
    /// <param name="load">Reads another one that the page asks for.</param>
    /// <param name="choice">How the page is served.</param>
    /// <param name="output">Folder of the reports.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The report of the last run.</returns>
    public static async Task<RunReport> RunAsync(
        Kubernetes api,
        SessionRights rights,
        Scenario first,
        Func<string, Scenario> load,
        PageChoice choice,
        string output,
        CancellationToken cancellationToken
    )
    {
        var console = RunTerminal.Open();
        ExistingClusterRun? last = null;
        LabControllerOptions options = new LabControllerOptions(
            api.BaseUri.Host,
            [.. ScenarioCatalog.Titles(first).Select(s => new ScenarioChoice(s.Name, s.Title))],
            load,
            _ => ImmutableSortedDictionary<string, string>.Empty,
            _ => 0,
            output
        )
        {
            Run = (order, observer, control, token) =>
                (last = new ExistingClusterRun(api, rights, TimeProvider.System)).RunAsync(
                    order.Scenario,
                    observer,
                    token,
                    control,
                    order.Manual
                ),
        };
        await using LabController lab = new LabController(api, first, options, TimeProvider.System);
        await using var page = await PageServer.StartAsync(
            lab.Feed,
            lab,
            TimeProvider.System,
            choice.Port,
            cancellationToken
        );
        await using var metrics = choice.MetricsPort is { } port
            ? await MetricsServer.StartAsync(lab.Feed, port, cancellationToken)
            : null;
        console.WriteLine($"page         {(choice.ShowsOnly ? page.Address : page.Link)}");
        for (var order = new RunOrder(first, Manual: false); ; )
        {
            var saved = "";
            var report = await RunTerminal.RunAsync(console, async observer =>
            {
                (var made, saved) = await lab.RunAsync(order, observer, cancellationToken);
                return made;
            });
            console.WriteLine(saved);
            if (lab.Feed.Lab.Reports is [{ } newest, ..])
                await ScenarioCommand.WriteBesideAsync(api, last?.Dump, newest.Folder, cancellationToken);
            if (choice.Linger == TimeSpan.Zero)
                return report;
            console.WriteLine($"The page stays for {choice.Linger}. Ctrl-C ends it.");
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(choice.Linger);
            try
            {
                order = await lab.NextOrderAsync(patience.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return report;
            }
        }
    }
}
