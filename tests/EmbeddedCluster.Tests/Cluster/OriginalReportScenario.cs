using System.Globalization;
using CiliumDebugging.Lab.Scenarios;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>
/// The two policies of the original report with steps, load and names of a test's own: a folder with its own
/// scenario.yaml, read as any scenario is.
/// </summary>
internal sealed record OriginalReportScenario
{
    public const string ApplyBackend = "- apply: backend-policy.yaml";
    public const string ApplyLoadTest = "- apply: load-test-policy.yaml";

    /// <summary>Lines of <c>steps</c>.</summary>
    public required string[] Steps { get; init; }

    public string Url { get; init; } = "http://backend-1.backend:8080/echo";

    public string Client { get; init; } = "app=load-test-1";

    public double Rate { get; init; } = 150;

    public string? Ports { get; init; }

    /// <summary>Requests under way at once; null for any number.</summary>
    public int? InFlight { get; init; }

    /// <summary>Texts of the policies and their replacements, in order.</summary>
    public (string Old, string New)[] Names { get; init; } = [];

    public static string Phase(string name, double seconds) =>
        string.Create(CultureInfo.InvariantCulture, $"- {{phase: {name}, for: {seconds}s}}");

    public Scenario Load()
    {
        var folder = Directory.CreateTempSubdirectory("scenario-").FullName;
        try
        {
            foreach (var file in (string[])["backend-policy.yaml", "load-test-policy.yaml"])
            {
                var text = File.ReadAllText(Path.Combine(ScenarioCatalog.BuiltIn, "two-sided-l7", file));
                foreach (var (old, name) in Names)
                    text = text.Replace(old, name, StringComparison.Ordinal);
                File.WriteAllText(Path.Combine(folder, file), text);
            }
            var ports =
                (Ports is null ? "" : $"\n  ports: {Ports}") + (InFlight is null ? "" : $"\n  inFlight: {InFlight}");
            File.WriteAllText(
                Path.Combine(folder, "scenario.yaml"),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"""
                    title: a test
                    load:
                      url: {Url}
                      client: {Client}
                      body: foo
                      rate: {Rate}{ports}
                    steps:
                    {string.Join('\n', Steps.Select(s => "  " + s))}
                    """
                )
            );
            return ScenarioCatalog.Load(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
