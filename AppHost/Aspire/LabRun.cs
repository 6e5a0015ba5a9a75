using CiliumDebugging.ClusterSetup.Embedded.Api;
using CiliumDebugging.ClusterSetup.Scenarios;
using CiliumDebugging.ClusterSetup.Terminal;
using CiliumDebugging.LoadTest.Analysis;
using CiliumDebugging.LoadTest.Report;
using Spectre.Console;

namespace CiliumDebugging.AppHost;

/// <summary>Where the scenario runner meets the Aspire composition.</summary>
internal static class LabRun
{
    /// <summary>Runs the scenario of the options against a cluster.</summary>
    /// <param name="options">Scenario, rate and phases.</param>
    /// <param name="apiUrl">The cluster's Kubernetes API.</param>
    /// <param name="apiToken">Bearer token for it.</param>
    /// <param name="publishState">Shows where the run is, in a few words.</param>
    /// <param name="ct">Ends the run.</param>
    public static async Task<RunOutcome> RunAsync(LabOptions options, Uri apiUrl, string apiToken, Action<string> publishState, CancellationToken ct)
    {
        var scenario = options.LoadScenario();
        // A report is read in files and CI logs: wrapped at 80 columns its tables would be torn apart.
        if (!AnsiConsole.Console.Profile.Out.IsTerminal) AnsiConsole.Console.Profile.Width = 200;
        using var api = ApiClient.Create(apiUrl, apiToken);
        var report = await new ScenarioRunner(api, TimeProvider.System).RunAsync(scenario, options.BackendsOf(scenario), new StateObserver(publishState), ct);
        return report.Holds ? RunOutcome.ExpectationHolds : RunOutcome.ExpectationFails;
    }

    /// <summary>Puts the run in a few words into the resource's state; the report goes to the console.</summary>
    private sealed class StateObserver(Action<string> publishState) : IRunObserver
    {
        private readonly PlainTerminal _console = new(AnsiConsole.Console);

        public void OnStep(string what)
        {
            publishState(what);
            _console.OnStep(what);
        }

        public void OnSample(LiveSample sample) => _console.OnSample(sample);

        public void OnReport(RunReport report)
        {
            _console.OnReport(report);
            AnsiConsole.Console.WriteLine(RunFiles.Save(report).Line);
            var verdict = report.Phases[^1].Delivery.Successes.Kind is VerdictKind.Skewed ? "Skewed" : report.Phases[^1].Delivery.Successes.Kind is VerdictKind.Even ? "Even" : "Undecided";
            publishState($"{verdict}: {report.Diagnosis.Name}");
        }
    }
}
