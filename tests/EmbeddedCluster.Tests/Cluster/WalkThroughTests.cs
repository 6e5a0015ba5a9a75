using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using CiliumDebugging.ClusterSetup.Attacks;
using CiliumDebugging.EmbeddedCluster.Tests.Api;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>
/// The walk-through of the original report with a real kubectl, and what else people do with one, on a live lab.
/// </summary>
[Collection(LiveClusters.Name)]
public sealed class WalkThroughTests(KubectlLab shared) : IClassFixture<KubectlLab>
{
    private const string PodHeader = "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES";

    [Fact]
    public async Task The_seeds_walk_through_works_and_the_traffic_reacts_within_a_second()
    {
        var kubectl = await shared.KubectlAsync();
        var lab = shared.Lab;
        var backends = Rows(await kubectl.RunAsync("-n backend get pods -o wide -l version=v1"));
        backends
            .Select(r => r[6])
            .ShouldBe(["cluster-worker", "cluster-worker2", "cluster-worker3"], ignoreOrder: true);
        backends.ShouldAllBe(r =>
            Regex.IsMatch(r[0], "^backend-1-[4-9bcdf]{7,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$")
            && r[1] == "1/1"
            && r[2] == "Running"
            && r[3] == "0"
            && r[5].StartsWith("127.")
            && r[7] == "<none>"
        );
        var client = Rows(await kubectl.RunAsync("-n load-test get pods -o wide -l app=load-test-1"))
            .ShouldHaveSingleItem();
        (client[0][..12], client[6]).ShouldBe(("load-test-1-", "cluster-worker3"));

        var vip = (
            await lab.Api.CoreV1.ReadNamespacedServiceAsync(
                "backend-1",
                "backend",
                cancellationToken: TestContext.Current.CancellationToken
            )
        )
            .Spec
            .ClusterIP;
        await using var traffic = new Traffic(IPAddress.Parse(client[5]), lab.EndPoint(vip));
        await using var puts = new Traffic(IPAddress.Parse(client[5]), lab.EndPoint(vip), "PUT");
        await Eventually.HoldsAsync("every pod answers", () =>
            traffic.Answers.Where(a => a.Status == 200).Select(a => a.Pod).Distinct().Count() == 3
        );
        // The ingress policy allows GET, HEAD and POST: PUT is refused from then on.
        await ReactsAsync(
            "backend policy: 403 for PUT",
            () => kubectl.RunAsync($"apply -f {Policy("backend")}"),
            () => kubectl.RunAsync($"delete -f {Policy("backend")}"),
            puts,
            a => a.Status == 403,
            a => a.Status != 403
        );
        // The egress policy: the pod on the client's node answers everything, the others stand for 503.
        await ReactsAsync(
            "load-test policy: 503",
            () => kubectl.RunAsync($"apply -f {Policy("load-test")}"),
            () => kubectl.RunAsync($"delete -f {Policy("load-test")}"),
            traffic,
            a => a.Status == 503,
            a => a.Status != 503
        );
        var good = backends.Single(r => r[6] == client[6])[0];
        var since = Stopwatch.GetTimestamp();
        await Eventually.HoldsAsync("both kinds of answers", () =>
            traffic.Answers.Where(a => a.Started > since).Select(a => a.Status).Distinct().Count() == 2
        );
        traffic.Answers.Where(a => a.Started > since && a.Status == 200).ShouldAllBe(a => a.Pod == good);

        // The good pod is deleted: another one on its node answers.
        var gone = good;
        await ReactsAsync(
            "delete pod: others answer",
            () => kubectl.RunAsync($"-n backend delete pod {gone}"),
            async () => gone = await ReadyOnAsync(kubectl, client[6]),
            traffic,
            a => a.Pod != gone && a.Status == 503,
            a => a.Pod == gone
        );
        var replacement = await ReadyOnAsync(kubectl, client[6]);
        await Eventually.HoldsAsync("the replacement answers", () =>
            traffic.Answers.Any(a => a.Pod == replacement && a.Status == 200)
        );
        await kubectl.RunAsync($"delete -f {Policy("backend")} -f {Policy("load-test")}");
    }

    [Fact]
    public async Task An_attack_from_the_pods_of_a_job_finds_the_service_by_name_and_shows_the_skew_of_each_node()
    {
        var kubectl = await shared.KubectlAsync();
        await kubectl.RunAsync($"apply -f {Policy("backend")} -f {Policy("load-test")}");
        var order = new PodAttackOrder(
            ["http://backend-1.backend:8080/echo", "--method", "POST", "--body", "foo", "--duration", "2s"],
            90,
            3,
            TimeSpan.FromMinutes(2)
        )
        {
            Namespace = "load-test",
            Image = "loadtest",
            Labels = new Dictionary<string, string> { ["app"] = "load-test-1" },
        };
        var result = (
            await new PodAttack(shared.Lab.Api, TimeProvider.System).RunAsync(
                order,
                TestContext.Current.CancellationToken
            )
        ).Results;

        await kubectl.RunAsync($"delete -f {Policy("backend")} -f {Policy("load-test")}");
        result.Accounting.Discrepancies().ShouldBeEmpty();
        (result.Accounting.Intended, result.Accounting.Responses).ShouldBe((180, 180));
        // A Pod on each node: each reaches the backend on its own node, a third of the connections, and gets 503 for
        // the others.
        result.Counts.Keys.Select(key => key.Status).Distinct().Order().ShouldBe([200, 503]);
        result
            .Counts.Where(count => count.Key.Status == 200)
            .Select(count => count.Key.Pod)
            .Distinct()
            .Count()
            .ShouldBe(3);
        (result.Counts.Where(count => count.Key.Status == 503).Sum(count => count.Value) / 180.0).ShouldBeInRange(
            0.45,
            0.85
        );
        (await kubectl.RunAsync("-n load-test get jobs")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_deployment_scales_rolls_out_and_rolls_back()
    {
        var kubectl = await shared.KubectlAsync();
        await kubectl.RunAsync(
            "apply -f -",
            """
            apiVersion: v1
            kind: Namespace
            metadata: {name: web}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web, namespace: web}
            spec:
              replicas: 1
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec:
                  nodeSelector: {kubernetes.io/hostname: cluster-worker2}
                  containers:
                    - name: c
                      image: "registry.example/backend:1"
                      ports: [{name: http, containerPort: 8080}]
                      readinessProbe: {httpGet: {path: /health, port: http}}
            """
        );
        await RolledOutAsync(kubectl, "web deploy/web");
        var before = Rows(await kubectl.RunAsync("-n web get pods -o wide")).ShouldHaveSingleItem();
        (before[1], before[6]).ShouldBe(("1/1", "cluster-worker2"));
        var first = before[0][..before[0].LastIndexOf('-')];

        await kubectl.RunAsync("-n web rollout restart deploy/web");
        await RolledOutAsync(kubectl, "web deploy/web");
        Rows(await kubectl.RunAsync("-n web get pods -o wide")).ShouldHaveSingleItem()[0].ShouldNotStartWith(first);
        await kubectl.RunAsync("-n web rollout undo deploy/web");
        await kubectl.RunAsync("-n web scale deploy/web --replicas=2");
        await RolledOutAsync(kubectl, "web deploy/web");
        var after = Rows(await kubectl.RunAsync("-n web get pods -o wide"));
        after.Count.ShouldBe(2);
        after.ShouldAllBe(r => r[0].StartsWith(first + "-"));
        var described = await kubectl.RunAsync("-n web describe deploy web");
        described.ShouldContain($"Scaled up replica set {first} to 1");
        described.ShouldContain("NewReplicaSetAvailable");
        described.ShouldContain("deployment.kubernetes.io/revision: 3");

        // An image that does not exist: the old pods stay, and the new one says why it does not start.
        await kubectl.RunAsync("-n web set image deploy/web c=nginx:1");
        await Eventually.HoldsAsync("the new pod tells why", async () =>
            (await kubectl.RunAsync("-n web get pods")).Contains("ErrImagePull", StringComparison.Ordinal)
        );
        (await kubectl.RunAsync("-n web get deploy web -o jsonpath={.status.availableReplicas}")).ShouldBe("2");
        await Eventually.HoldsAsync("the event tells why", async () =>
            (await kubectl.RunAsync("-n web get events")).Contains(
                "does not exist on the embedded cluster",
                StringComparison.Ordinal
            )
        );
        await kubectl.RunAsync("delete ns web");
        (await kubectl.RunAsync("get deploy,rs,pods -n web")).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_indexed_job_runs_once_for_each_index_and_a_failing_one_fails()
    {
        var kubectl = await shared.KubectlAsync();
        string Job(string name, string argument, int completions) =>
            $$"""
                {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"{{name}}"},"spec":{
                "completions":{{completions}},"parallelism":2,"completionMode":"Indexed","backoffLimit":0,
                "template":{"spec":{"restartPolicy":"Never",
                "containers":[{"name":"c","image":"load-test","args":["{{argument}}"]}] } } } }
                """;
        await kubectl.RunAsync("create -f -", Job("good", "--help", 2));
        await kubectl.RunAsync("create -f -", Job("bad", "--no-such-option", 1));
        await kubectl.RunAsync("wait --for=condition=complete job/good --timeout=90s");
        await kubectl.RunAsync("wait --for=condition=failed job/bad --timeout=90s");
        (await kubectl.RunAsync("get job good -o jsonpath={.status.succeeded}/{.status.completedIndexes}")).ShouldBe(
            "2/0-1"
        );
        (
            await kubectl.RunAsync(
                """get pods -l job-name=good --sort-by=.metadata.name -o "jsonpath={.items[*].status.phase} """
                    + """{.items[*].metadata.annotations.batch\.kubernetes\.io/job-completion-index}" """
            )
        ).ShouldBe("Succeeded Succeeded 0 1");
        (await kubectl.RunAsync("logs job/good")).ShouldContain("attack");
        await kubectl.RunAsync("delete job good bad");
        (await kubectl.RunAsync("get pods -l job-name=good")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Pods_have_endpoints_and_logs_and_nodes_a_lease()
    {
        var kubectl = await shared.KubectlAsync();
        await Eventually.HoldsAsync("an endpoint for each pod", async () =>
            (await kubectl.RunAsync("get cep -A --no-headers"))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Length >= 4
        );
        var pod = (await kubectl.RunAsync("-n backend get pods -o name")).Split('\n')[0][4..];
        var address = await kubectl.RunAsync($"-n backend get pod {pod} -o jsonpath={{.status.podIP}}");
        (await kubectl.RunAsync($"-n backend get cep {pod}")).ShouldMatch(
            $@"{pod} +\d\d\d+ +ready +{Regex.Escape(address)}"
        );
        (await kubectl.RunAsync($"-n backend get cep {pod} -o jsonpath={{.status.identity.labels}}")).ShouldContain(
            "k8s:app=backend"
        );
        (await kubectl.RunAsync($"-n backend logs {pod}")).ShouldContain("Now listening on");
        (await kubectl.RunAsync("describe node cluster-worker")).ShouldMatch("HolderIdentity: +cluster-worker\n");
    }

    [Fact]
    public async Task The_agents_are_a_daemon_set_that_rolls_out_and_the_clusters_definitions_are_there()
    {
        var kubectl = await shared.KubectlAsync();
        var before = Rows(await kubectl.RunAsync("-n kube-system get pods -o wide -l k8s-app=cilium"));
        before
            .Select(r => r[6])
            .ShouldBe(
                ["cluster-control-plane", "cluster-worker", "cluster-worker2", "cluster-worker3"],
                ignoreOrder: true
            );
        await kubectl.RunAsync("-n kube-system rollout restart ds/cilium");
        await RolledOutAsync(kubectl, "kube-system ds/cilium");
        Rows(await kubectl.RunAsync("-n kube-system get pods -o wide -l k8s-app=cilium"))
            .Select(r => r[0])
            .Intersect(before.Select(r => r[0]))
            .ShouldBeEmpty();
        (await kubectl.RunAsync("-n kube-system get ds")).ShouldMatch("kube-proxy +4 +4 +4 +4 +4");
        (await kubectl.RunAsync("get crd -o name"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ShouldContain("customresourcedefinition.apiextensions.k8s.io/ciliumnetworkpolicies.cilium.io");
        (await kubectl.RunAsync("describe node cluster-control-plane")).ShouldContain(
            "node-role.kubernetes.io/control-plane:NoSchedule"
        );
    }

    private static async Task RolledOutAsync(Kubectl kubectl, string what) =>
        (
            await kubectl.RunAsync(
                $"-n {what.Replace(" ", " rollout status ", StringComparison.Ordinal)} --timeout=90s"
            )
        ).ShouldContain("successfully rolled out");

    /// <summary>
    /// Changes the cluster and waits for the traffic: within 1 s of kubectl's answer the first request that shows the
    /// change has begun. A busy machine gets three tries, and ten times as long in the last.
    /// </summary>
    private static async Task ReactsAsync(
        string what,
        Func<Task> change,
        Func<Task> undo,
        Traffic traffic,
        Func<Traffic.Answer, bool> shows,
        Func<Traffic.Answer, bool> showsUndone
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            await change();
            var changed = Stopwatch.GetTimestamp();
            Traffic.Answer? first = null;
            await Eventually.HoldsAsync(what, () =>
                (first = traffic.Answers.Where(a => a.Started > changed && shows(a)).MinBy(a => a.Started)) is not null
            );
            var reaction = Stopwatch.GetElapsedTime(changed, first!.Started);
            TestContext.Current.TestOutputHelper!.WriteLine(
                $"{what} {reaction.TotalMilliseconds:F0} ms after kubectl's answer"
            );
            if (reaction < TimeSpan.FromSeconds(1))
                return;
            if (attempt == 3)
            {
                reaction.ShouldBeLessThan(TimeSpan.FromSeconds(10), what);
                return;
            }
            await undo();
            var undone = Stopwatch.GetTimestamp();
            await Eventually.HoldsAsync($"not {what}", () =>
                traffic.Answers.Any(a => a.Started > undone && showsUndone(a))
            );
        }
    }

    private static async Task<string> ReadyOnAsync(Kubectl kubectl, string node) =>
        await Eventually.GetAsync($"a ready backend on {node}", async () =>
            Rows(await kubectl.RunAsync("-n backend get pods -o wide -l version=v1"))
                .FirstOrDefault(r => r[6] == node && r[1] == "1/1")
                ?[0]
        );

    private static string Policy(string side) =>
        Path.Combine(ScenarioCatalog.BuiltIn, "two-sided-l7", $"{side}-policy.yaml");

    private static List<string[]> Rows(string table)
    {
        var lines = table
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToList();
        string.Join(' ', lines[0]).ShouldBe(PodHeader);
        return lines[1..];
    }
}
