using System.Diagnostics;
using System.Globalization;
using CiliumDebugging.Testing;
using k8s;

namespace CiliumDebugging.ClusterSetup.Tests.Commands;

/// <summary>The command as other programs start it, in a process of its own.</summary>
[Collection(LiveClusters.Name)]
public sealed class ClusterCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cluster-command-");

    /// <summary>The process whose end is the cluster's.</summary>
    private readonly Process _owner = Process.Start("sleep", "600");

    private string File => Path.Combine(_folder.FullName, "kubeconfig");

    [Fact]
    public async Task The_kubeconfig_says_that_the_cluster_is_ready_and_each_pods_telemetry_has_its_name()
    {
        using var cluster = await StartAsync(
            ("OTEL_SERVICE_NAME", "cluster"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-otlp-api-key=k")
        );
        using var api = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(File));

        api.BaseUri.Scheme.ShouldBe("https");
        if (!OperatingSystem.IsWindows())
            System.IO.File.GetUnixFileMode(File).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _folder.GetFiles().ShouldHaveSingleItem();
        (
            await api.AppsV1.ListDeploymentForAllNamespacesAsync(
                cancellationToken: TestContext.Current.CancellationToken
            )
        ).Items.Count.ShouldBe(2);
        var pods = await PodsAsync(cluster);
        var environments = pods.Select(p => System.IO.File.ReadAllText($"/proc/{p}/environ").Split('\0')).ToList();
        environments
            .SelectMany(e => e.Where(v => v.StartsWith("OTEL_SERVICE_NAME=", StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal)
            .ShouldBe([.. Enumerable.Repeat("OTEL_SERVICE_NAME=backend-1", 3), "OTEL_SERVICE_NAME=load-test-1"]);
        environments.ShouldAllBe(e => e.Contains("OTEL_EXPORTER_OTLP_HEADERS=x-otlp-api-key=k"));

        await EndAsync(cluster, "-TERM", pods);
        cluster.ExitCode.ShouldBe(143);
    }

    [Theory]
    [InlineData("-HUP", 129)]
    [InlineData("-INT", 130)]
    [InlineData("the end of its owner", 0)]
    [InlineData("-KILL", 137)]
    public async Task However_it_ends_no_pod_and_no_file_stays(string how, int exitCode)
    {
        using var cluster = await StartAsync();
        var pods = await PodsAsync(cluster);

        await EndAsync(cluster, how, pods);

        cluster.ExitCode.ShouldBe(exitCode);
        _folder.GetFiles().Length.ShouldBe(how is "-KILL" ? 1 : 0);
        if (how is not "-KILL")
            return;
        // What a killed cluster left neither shows that its successor is ready nor is a reason to refuse.
        using var next = await StartAsync();
        await EndAsync(next, "-TERM", await PodsAsync(next));
    }

    [Theory]
    [InlineData("kubeconfig", "is not of an embedded cluster")]
    [InlineData("missing/kubeconfig", "the folder does not exist")]
    [InlineData(".", "is a folder")]
    public async Task A_file_that_cannot_be_written_or_is_somebody_elses_is_refused(string name, string why)
    {
        const string foreign = "current-context: production";
        await System.IO.File.WriteAllTextAsync(File, foreign, TestContext.Current.CancellationToken);
        using var cluster = Start(Path.Combine(_folder.FullName, name));

        var words = await cluster.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await cluster.WaitForExitAsync(TestContext.Current.CancellationToken);

        cluster.ExitCode.ShouldBe(2);
        words.ShouldContain(why);
        (await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken)).ShouldBe(foreign);
    }

    [Fact]
    public async Task Bad_settings_are_said_in_words()
    {
        using var cluster = Start(File, ("CLUSTER_PORT_OFFSET", "many"));

        (await cluster.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldContain(
            "CLUSTER_PORT_OFFSET is 'many'"
        );
        await cluster.WaitForExitAsync(TestContext.Current.CancellationToken);
        cluster.ExitCode.ShouldBe(2);
    }

    private Process Start(string file, params (string Key, string Value)[] environment)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "ClusterSetup.dll");
        // env: where the tests run in the background, SIGINT is ignored, and a child would inherit that.
        var start = new ProcessStartInfo(
            "env",
            [
                "--default-signal=INT",
                "dotnet",
                "exec",
                program,
                "cluster",
                "--kubeconfig",
                file,
                "--exit-with",
                $"{_owner.Id}",
            ]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (key, value) in environment)
            start.Environment[key] = value;
        return Process.Start(start)!;
    }

    private async Task<Process> StartAsync(params (string Key, string Value)[] environment)
    {
        var old = System.IO.File.Exists(File) ? await System.IO.File.ReadAllTextAsync(File) : "";
        var cluster = Start(File, environment);
        await Eventually.HoldsAsync("the kubeconfig is there", () =>
            cluster.HasExited || (System.IO.File.Exists(File) && Read() != old)
        );
        if (cluster.HasExited)
            Assert.Fail(await cluster.StandardError.ReadToEndAsync());
        return cluster;
    }

    private string Read()
    {
        try
        {
            return System.IO.File.ReadAllText(File);
        }
        catch (FileNotFoundException)
        {
            return "";
        }
    }

    /// <summary>The processes of the Pods, when all four run.</summary>
    private static async Task<List<int>> PodsAsync(Process cluster)
    {
        List<int> pods = [];
        await Eventually.HoldsAsync("all pods run", () => (pods = Children(cluster.Id)).Count == 4);
        return pods;
    }

    private static List<int> Children(int parent) =>
        [
            .. Directory
                .GetDirectories("/proc")
                .Select(Path.GetFileName)
                .Where(n => int.TryParse(n, out _))
                .Where(n => StatOf(n!) is { } stat && stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1] == $"{parent}")
                .Select(n => int.Parse(n!, CultureInfo.InvariantCulture)),
        ];

    private static string? StatOf(string process)
    {
        try
        {
            return System.IO.File.ReadAllText($"/proc/{process}/stat");
        }
        catch (IOException)
        {
            return null; // it has ended
        }
    }

    private async Task EndAsync(Process cluster, string how, List<int> pods)
    {
        if (how is "the end of its owner")
            _owner.Kill();
        else
            using (var kill = Process.Start("kill", [how, $"{cluster.Id}"]))
                await kill.WaitForExitAsync();
        await cluster.WaitForExitAsync(TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync("the pods have ended", () =>
            pods.All(p => StatOf($"{p}") is not { } stat || stat.Contains(") Z ", StringComparison.Ordinal))
        );
    }

    public void Dispose()
    {
        _owner.Kill();
        _owner.Dispose();
        _folder.Delete(recursive: true);
    }
}
