using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Reports.Document;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>
/// <c>observe</c> by scraping, with a real API server and Pods whose answers are as in a real cluster, or wrong.
/// </summary>
public abstract class ObservationTests : IDisposable
{
    /// <summary>Where the reports of a test go.</summary>
    protected string Folder { get; } = Directory.CreateTempSubdirectory("observe-").FullName;

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected static void Apply(ObservedCluster cluster, string file)
    {
        var (policies, problems) = PolicyManifest.ReadFile(Path.Combine(ScenarioCatalog.BuiltIn, "two-sided-l7", file));
        problems.ShouldBeEmpty();
        foreach (var policy in policies)
            cluster
                .Api.Store.Create(ResourceKinds.CiliumNetworkPolicies, policy.Model.Namespace, policy.Manifest)
                .OrThrow();
    }

    private protected ObserveOptions Options() =>
        new("backend", "backend-1")
        {
            Interval = TimeSpan.FromMilliseconds(5),
            For = TimeSpan.FromSeconds(60),
            RequestsPerMinute = 10_000_000,
            Output = Folder,
        };

    private protected async Task<(int Code, string Text, ReportDocument? Report)> ObserveAsync(
        ObservedCluster cluster,
        Func<ObserveOptions, ObserveOptions>? with = null,
        CancellationToken? interrupt = null,
        TimeProvider? time = null
    )
    {
        var options = Options();
        using var text = new StringWriter();
        var code = await ObserveCommand.RunAsync(
            cluster.Api.Client,
            with?.Invoke(options) ?? options,
            time ?? TimeProvider.System,
            text,
            text,
            interrupt ?? TestContext.Current.CancellationToken
        );
        var folder = Directory.EnumerateDirectories(Folder).SingleOrDefault();
        TestContext.Current.TestOutputHelper?.WriteLine(text.ToString());
        return (code, text.ToString(), folder is null ? null : ReportJson.ReadFile(folder));
    }
}
