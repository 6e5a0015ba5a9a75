namespace CiliumDebugging.Lab.Monitoring.Grafana;

/// <summary>The dashboard for Grafana: the seed's three graphs and the lab's verdict. For one's own Grafana it is the file beside this one.</summary>
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
