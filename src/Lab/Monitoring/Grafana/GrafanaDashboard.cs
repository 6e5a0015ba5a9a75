namespace CiliumDebugging.Lab.Monitoring.Grafana;

/// <summary>
/// The dashboard for Grafana: the three graphs of the original report and the lab's verdict. To import it into another
/// Grafana, use dashboard.json in this folder.
/// </summary>
public static class GrafanaDashboard
{
    /// <summary>The dashboard, JSON; its data source is a variable.</summary>
    public static string Json { get; } = Read();

    private static string Read()
    {
        using var reader = new StreamReader(
            typeof(GrafanaDashboard).Assembly.GetManifestResourceStream("grafana/dashboard.json")!
        );
        return reader.ReadToEnd();
    }
}
