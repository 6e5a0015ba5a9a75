using System.Collections.Immutable;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.EmbeddedCluster.Configuration;
using CiliumDebugging.Testing;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api.RealServer;

/// <summary>
/// The embedded cluster's answers against those that <c>record</c> has written down from a real API server, which had
/// no nodes: here there is one that no Pod fits. Each difference is declared in differences.txt, with a reason that
/// docs/kubernetes-api.md explains; a declaration that is no longer needed fails.
/// </summary>
public sealed class RealServerTests
{
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(10);
    private static readonly string[] s_reads = ["get", "describe", "explain", "api-resources", "api-versions", "logs"];

    [Fact]
    public async Task Kubectl_prints_what_it_prints_with_a_real_server_but_for_what_is_declared()
    {
        await using var cluster = await StartAsync();
        using var kubectl = Kubectl.For(cluster.ApiUrl, cluster.ApiToken, cluster.AuthorityPem);
        var recorded = RecordedCommand.Read();
        var sections = recorded.GroupBy(c => c.Section, StringComparer.Ordinal).ToList();
        var differences = new List<string>();

        // Sections have namespaces of their own and do not see each other.
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = 3 };
        await Parallel.ForEachAsync(sections, parallel, async (section, stop) =>
        {
            await PrepareAsync(kubectl, section.Key);
            foreach (var command in section)
                if (await DifferenceAsync(kubectl, command) is { } difference)
                    lock (differences)
                        differences.Add(difference);
        });

        differences.ShouldBeEmpty(string.Join("\n\n", differences));
        recorded.Count.ShouldBeGreaterThanOrEqualTo(240);
    }

    [Fact]
    public async Task A_request_is_refused_as_a_real_server_refuses_it_but_for_what_is_declared()
    {
        await using var cluster = await StartAsync();
        using var kubectl = Kubectl.For(cluster.ApiUrl, cluster.ApiToken, cluster.AuthorityPem);
        await PrepareAsync(kubectl, RecordedRequest.Namespace);
        foreach (var file in (string[])["web", "job", "daemonset", "cnp", "netpol"])
            await kubectl.RunAsync($"-n {RecordedRequest.Namespace} create -f {Recorded.PathOf($"files/{file}.yaml")}");
        using var http = ApiFixture.NewHttp(cluster.ApiUrl, cluster.AuthorityPem!);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", cluster.ApiToken);
        var recorded = RecordedRequest.Read();
        var differences = new List<string>();

        foreach (var request in recorded)
        {
            using var message = new HttpRequestMessage(new HttpMethod(request.Method), request.Url);
            message.Content = new StringContent(request.Body, Encoding.UTF8, request.MediaType);
            using var response = await http.SendAsync(message, TestContext.Current.CancellationToken);
            var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            var code = (int)response.StatusCode;
            var text = code < 300 ? "" : JsonNode.Parse(body)!["message"]!.ToString();
            var answer = Answers.Normalise($"{code} {text}".Trim());
            if (Verdict(request.Line, request.Answer, answer, Differences.Declared.Of(request.Line)) is { } difference)
                differences.Add(difference);
        }

        differences.ShouldBeEmpty(string.Join("\n\n", differences));
        recorded.Count.ShouldBeGreaterThan(150);
    }

    [Fact]
    public void Answers_that_differ_in_more_than_times_and_generated_names_are_different()
    {
        string Table(string row) => Answers.Normalise(["get", "pods"], $"[exit 0]\nNAME   READY   AGE\n{row}\n");

        Table("web-6c86fff4bc-gklsm   0/1     3s").ShouldBe(Table("web-57d9xx2b7v-k2lsm   0/1     4m3s"));
        Table("web-6c86fff4bc-gklsm   0/1     3s").ShouldNotBe(Table("web-6c86fff4bc-gklsm   1/1     3s"));
        Answers
            .Normalise("Invalid value: v1.X{A:\"b\"}: wrong")
            .ShouldBe(Answers.Normalise("Invalid value: {\"a\":1}: wrong"));
        Answers
            .Normalise("Invalid value: v1.X{A:\"b\"}: wrong")
            .ShouldNotBe(Answers.Normalise("Invalid value: {}: other"));
    }

    [Fact]
    public void Each_declared_difference_has_a_reason_that_the_documentation_explains()
    {
        var docs = File.ReadAllText(Recorded.PathOf("kubernetes-api.md"));

        Differences.Declared.Reasons.ShouldAllBe(reason => docs.Contains($"| {reason} |", StringComparison.Ordinal));
        Differences
            .Declared.Unknown([
                .. RecordedCommand.Read().SelectMany(c => new[] { c.Line, c.Name }),
                .. RecordedRequest.Read().Select(r => r.Line),
            ])
            .ShouldBeEmpty();
    }

    private static Task<EmbeddedClusterHost> StartAsync() =>
        EmbeddedClusterHost.StartAsync(
            new ClusterOptions
            {
                Topology = new ClusterTopology("real", [new NodeSpec("node", ControlPlane: true)], [], []),
                ApiToken = ClusterEnvironment.NewApiToken(),
                ApiTls = true,
            },
            cancellationToken: TestContext.Current.CancellationToken
        );

    private static async Task PrepareAsync(Kubectl kubectl, string ns)
    {
        await kubectl.RunAsync($"create namespace {ns}");
        await Eventually.HoldsAsync($"namespace {ns} has its account", async () =>
            (await kubectl.TryAsync($"-n {ns} get sa default")).Code == 0
        );
    }

    /// <summary>
    /// Runs a command until its answer is the real server's, if it can be repeated: controllers need a moment.
    /// </summary>
    private static async Task<string?> DifferenceAsync(Kubectl kubectl, RecordedCommand command)
    {
        var declared = Differences.Declared.Of(command.Line) || Differences.Declared.Of(command.Name);
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var (code, output, error) = await kubectl.TryAsync(
                ["-n", command.Section, .. command.Words],
                Recorded.PathOf("files")
            );
            var answer = Answers.Of(command, code, output, error);
            var canRepeat = s_reads.Contains(command.Words[0]) || code != 0;
            var isLast = !canRepeat || declared || TimeProvider.System.GetElapsedTime(since) > s_settling;
            if (answer == command.Answer || isLast)
                return Verdict(command.Name, command.Answer, answer, declared);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private static string? Verdict(string what, string real, string embedded, bool declared) =>
        (real == embedded, declared) switch
        {
            (true, true) => $"{what}\n  is the same on both by now: take it out of differences.txt",
            (false, false) => $"{what}\n{Answers.Diff(real, embedded)}",
            _ => null,
        };
}
