using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.ServiceDefaults;
using k8s;
using Spectre.Console;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// Runs a scenario on an existing cluster with the live page, and the scenarios that the page requests afterwards.
/// </summary>
/// <param name="api">The cluster.</param>
/// <param name="rights">How it may be used.</param>
/// <param name="load">Reads another scenario that the page requests.</param>
/// <param name="choice">How the page is served.</param>
internal sealed class ScenarioPage(Kubernetes api, SessionRights rights, Func<string, Scenario> load, PageChoice choice)
{
    private ExistingClusterRun? _last;

    /// <summary>Whether the summary has every count.</summary>
    public bool Verbose { get; init; }

    /// <summary>Runs it.</summary>
    /// <param name="first">The scenario that is run at once.</param>
    /// <param name="output">Folder of the reports.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The exit code of the last run.</returns>
    public async Task<ExitCode> RunAsync(Scenario first, string output, CancellationToken cancellationToken)
    {
        var console = RunTerminal.Open();
        await using var lab = new LabController(api, first, OptionsFor(first, output), TimeProvider.System);
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
        console.WriteUnbroken($"page         {(choice.ShowsOnly ? page.Address : page.Link)}");
        var order = new RunOrder(first, Manual: false);
        while (true)
        {
            SavedFiles? files = null;
            var report = await RunTerminal.RunAsync(
                console,
                async listener =>
                {
                    (var made, files) = await lab.RunAsync(order, listener, cancellationToken);
                    return made;
                },
                Verbose
            );
            RunFiles.Print(files!, console);
            if (files!.Folder is { } folder)
                await ScenarioCommand.WriteBesideAsync(api, _last?.Dump, folder, cancellationToken);
            var exitCode = RunFiles.ExitCodeOf(report, files);
            if (choice.Linger == TimeSpan.Zero)
                return exitCode;
            console.WriteLine($"The page stays for {choice.Linger}. Ctrl-C ends it.");
            if (await NextOrderAsync(lab, cancellationToken) is not { } next)
                return exitCode;
            order = next;
        }
    }

    private LabControllerOptions OptionsFor(Scenario first, string output) =>
        new LabControllerOptions(
            [.. ScenarioCatalog.Titles(first).Select(s => new ScenarioChoice(s.Name, s.Title))],
            load,
            scenario => scenario.Settings,
            _ => 0,
            output
        ).OnExistingCluster(() => _last = new ExistingClusterRun(api, rights, TimeProvider.System));

    /// <summary>The next order; null: none within the time that the page stays.</summary>
    private async Task<RunOrder?> NextOrderAsync(LabController lab, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(choice.Linger, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await lab.NextOrderAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
