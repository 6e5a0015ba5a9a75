using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Testing;

/// <summary>
/// One live cluster for the tests of a class; each run finds it without policies, with the settings it asks for and the
/// Service as it was made.
/// </summary>
/// <param name="topology">The cluster's nodes and Pods.</param>
public class ScenarioLab(ClusterTopology topology) : IAsyncLifetime
{
    private LiveLab? _lab;
    private string[] _set = [];

    public async ValueTask InitializeAsync() => _lab = await LiveLab.StartAsync(topology);

    /// <summary>Runs a scenario with its settings and these; all its expectations must hold.</summary>
    internal async Task<RunReport> RunAsync(Scenario scenario, params (string Key, string? Value)[] settings)
    {
        var lab = _lab!;
        await lab.DeleteAllPoliciesAsync();
        var asMade = """
            {"spec": {"trafficDistribution": null, "sessionAffinity": "None", "internalTrafficPolicy": "Cluster"} }
            """;
        await lab.Api.CoreV1.PatchNamespacedServiceAsync(
            new V1Patch(asMade, V1Patch.PatchType.MergePatch),
            scenario.Load.Service,
            scenario.Load.Namespace,
            cancellationToken: TestContext.Current.CancellationToken
        );
        await lab.DeleteSlicesOfScenariosAsync(scenario.Load.Namespace);
        settings = [.. scenario.Settings.Select(s => (s.Key, (string?)s.Value)), .. settings];
        await lab.RestartAgentsAsync([
            .. _set.Except(settings.Select(s => s.Key)).Select(key => (key, (string?)null)),
            .. settings,
        ]);
        _set = [.. settings.Select(s => s.Key)];
        var report = await lab.RunAsync(scenario);
        foreach (var e in report.Expectations)
            TestContext.Current.TestOutputHelper?.WriteLine($"{e.What}; {e.Observed}");
        report.Expectations.Where(e => !e.Holds).ShouldBeEmpty();
        return report;
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_lab is not null)
            await _lab.DisposeAsync();
    }
}
