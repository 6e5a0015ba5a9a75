using System.CommandLine;
using System.Text;
using CiliumDebugging.ClusterSetup.Attacks;
using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Testing;
using k8s;

namespace CiliumDebugging.ClusterSetup.Tests.Attacks;

/// <summary>
/// An attack from the Pods of an indexed Job, against the lab's own API server; the test does what the Job's controller
/// and the kubelet would.
/// </summary>
public sealed class PodAttackTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static PodAttackOrder Order =>
        new(["http://backend:8080/", "--duration", "1s"], 4000, 4, TimeSpan.FromMinutes(5))
        {
            Image = "load-test:1",
            Labels = new Dictionary<string, string> { ["role"] = "client" },
        };

    private static AttackResults Results(int seed)
    {
        var results = new AttackResults();
        var random = new Random(seed);
        for (var n = 0; n < 500; n++)
        {
            var start = TimeSpan.FromMilliseconds(n);
            var outcome = random.Next(10) switch
            {
                0 => Outcome.NotSent,
                1 => Outcome.NoAnswer,
                _ => Outcome.Response,
            };
            results.Add(
                outcome is Outcome.NotSent
                    ? RequestRecord.Unsent(n, start, start, outcome)
                    : new RequestRecord
                    {
                        Sequence = n,
                        IntendedStart = start,
                        Start = start,
                        End = start + TimeSpan.FromMicroseconds(random.Next(100, 100_000)),
                        SourcePort = 10_000 + (1_000 * seed) + n, // no port is one of another Pod
                        Connection = n,
                        Outcome = outcome,
                        Status = outcome is Outcome.Response ? 200 + (3 * random.Next(2)) : 0,
                        Pod = $"pod, {random.Next(3)}",
                        Node = "n",
                        BytesReceived = 100,
                    }
            );
        }
        return results;
    }

    private static string Output(AttackResults results)
    {
        using var log = new MemoryStream();
        HistogramLog.Write(results, log, DateTimeOffset.UnixEpoch);
        return $"GET backend/ at 1000/s, engine epoll\nsome text\n{Encoding.UTF8.GetString(log.ToArray())}";
    }

    private static string Text(AttackResults results)
    {
        var writer = new StringWriter();
        AttackReport.Write(results, writer);
        results.Accounting.WriteTo(writer);
        return writer.ToString();
    }

    private static async Task<PodAttackResult> RunAsync(
        JobRunner runner,
        PodAttackOrder order,
        Action<string>? progress = null
    )
    {
        await using var api = await ApiFixture.StartAsync(logs: runner);
        var running = runner.RunAsync(api, order.Namespace, Cancel);
        try
        {
            return await new PodAttack(api.Client, TimeProvider.System, progress).RunAsync(order, Cancel);
        }
        finally
        {
            await running;
            (
                await api.Client.BatchV1.ListNamespacedJobAsync(order.Namespace, cancellationToken: Cancel)
            ).Items.ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task The_results_of_all_pods_merge_exactly_and_the_job_is_deleted()
    {
        var runner = new JobRunner { Pod = index => ("Succeeded", Output(Results(index))) };
        List<string> lines = [];
        var result = await RunAsync(runner, Order, lines.Add);
        lines.ShouldNotBeEmpty();
        lines.ShouldAllBe(line => line.EndsWith(" have ended") && line.Contains(" of 4 pods attack, "));

        var expected = Results(0);
        for (var index = 1; index < 4; index++)
            expected.Merge(Results(index));
        Text(result.Results).ShouldBe(Text(expected));
        result.Results.Accounting.Intended.ShouldBe(2000);
        result.StartSpread.ShouldBe(TimeSpan.FromSeconds(3));
        var job = runner.Job.ShouldNotBeNull();
        (job.Spec.CompletionMode, job.Spec.Completions, job.Spec.Parallelism, job.Spec.BackoffLimit).ShouldBe(
            ("Indexed", 4, 4, 0)
        );
        job.Spec.Template.Metadata.Labels["role"].ShouldBe("client");
        job.Spec.Template.Metadata.Labels["app"].ShouldBe("attack");
        AttackJob
            .Of(Order with { Labels = new Dictionary<string, string> { ["app"] = "load-test-1" } }, "a")
            .Spec.Template.Metadata.Labels["app"]
            .ShouldBe("load-test-1");
        job.Spec.Template.Spec.Containers[0]
            .Args.ShouldBe(["attack", "http://backend:8080/", "--duration", "1s", "--rate", "1000", "--hdr", "-"]);
    }

    [Fact]
    public async Task A_pod_that_fails_is_quoted()
    {
        var runner = new JobRunner
        {
            Pod = index =>
                index == 2
                    ? ("Failed", "error: host 'backend': cannot be resolved\n")
                    : ("Succeeded", Output(Results(index))),
        };
        var message = (await Should.ThrowAsync<PodAttackException>(RunAsync(runner, Order))).Message;
        message.ShouldContain("cannot be resolved");
        message.ShouldContain("container attack ended with exit code 1");
    }

    [Fact]
    public async Task A_pod_without_results_is_named()
    {
        var runner = new JobRunner { Pod = index => ("Succeeded", index == 1 ? "hello\n" : Output(Results(index))) };
        (await Should.ThrowAsync<PodAttackException>(RunAsync(runner, Order))).Message.ShouldContain(
            "-1 left no results: does its image have this version's load test? It says: hello"
        );
    }

    [Fact]
    public async Task A_cluster_that_refuses_the_job_says_why()
    {
        await using var api = await ApiFixture.StartAsync();
        (
            await Should.ThrowAsync<PodAttackException>(
                new PodAttack(api.Client, TimeProvider.System).RunAsync(Order with { Namespace = "nowhere" }, Cancel)
            )
        ).Message.ShouldContain("nowhere");
    }

    [Theory]
    [InlineData("attack http://b/ --pods 0 --in-cluster", "--pods 0")]
    [InlineData("attack http://b/ --rate max --in-cluster", "--rate 'max'")]
    [InlineData("attack http://b/ --duration forever --in-cluster", "--duration 'forever'")]
    [InlineData("attack http://b/ --body @file --in-cluster", "--body '@file'")]
    [InlineData("attack http://b/ --label x --in-cluster", "--label 'x'")]
    [InlineData("attack --in-cluster", "no target")]
    public void Bad_arguments_are_quoted(string line, string expected)
    {
        var problems = new List<string>();
        PodAttackCommand.Order(
            AttackCommands.Parse(new RootCommand { PodAttackCommand.Build() }, line.Split(' ')),
            problems
        );
        problems.ShouldHaveSingleItem().ShouldContain(expected);
    }

    [Fact]
    public void What_was_written_goes_to_the_pods_and_the_rate_is_divided()
    {
        var problems = new List<string>();
        var parsed = AttackCommands.Parse(
            new RootCommand { PodAttackCommand.Build() },
            "attack http://b/ --pods 3 --rate 3000/s --header A:1 -H B:2 --insecure --duration 10s --kubeconfig k".Split(
                ' '
            )
        );
        var order = PodAttackCommand.Order(parsed, problems);
        problems.ShouldBeEmpty();
        order.Arguments.ShouldBe([
            "http://b/",
            "--duration",
            "10s",
            "--header",
            "A:1",
            "--header",
            "B:2",
            "--insecure",
        ]);
        (order.RatePerSecond, order.Pods).ShouldBe((3000, 3));
    }
}
