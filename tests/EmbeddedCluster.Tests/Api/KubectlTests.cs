using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Documents;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Requests;
using CiliumDebugging.Testing;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api;

public sealed class KubectlTests
{
    private const string Manifests = """
        apiVersion: v1
        kind: Namespace
        metadata:
          name: backend
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: backend-1
          namespace: backend
        spec:
          selector: {app: backend}
          ports: [{name: http, port: 8080}]
        ---
        apiVersion: cilium.io/v2
        kind: CiliumNetworkPolicy
        metadata:
          name: l7
          namespace: backend
        spec:
          endpointSelector: {matchLabels: {app: backend}}
          ingress:
          - toPorts:
            - ports: [{port: "8080", protocol: TCP}]
              rules:
                http: [{method: GET}]
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: backend-1
          namespace: backend
        spec:
          replicas: 3
          selector: {matchLabels: {app: backend}}
          template:
            metadata: {labels: {app: backend}}
            spec:
              containers:
              - name: backend
                image: backend:1
                env: [{name: A, value: "1"}]
        """;

    [Fact]
    public async Task Get_shows_the_columns_people_know()
    {
        await using var api = await ApiFixture.StartAsync();
        using var kubectl = Kubectl.For(api);
        api.Store.Create(
                ResourceKinds.Nodes,
                "",
                ApiFixture.Object(
                    """
                    {"metadata":{"name":"cluster-worker"},"status":{"conditions":[{"type":"Ready","status":"True"}],
                    "nodeInfo":{"kubeletVersion":"v1.32.0"}}}
                    """
                )
            )
            .OrThrow();
        api.Store.Create(
                ResourceKinds.Pods,
                "default",
                ApiFixture.Object(
                    """
                    {"metadata":{"name":"p","labels":{"version":"v1"}},
                    "spec":{"nodeName":"cluster-worker","containers":[{"name":"c","image":"i"}]}}
                    """
                )
            )
            .OrThrow();
        var status = ApiFixture.Object(
            """
            {"status":{"phase":"Running","podIP":"10.244.1.5",
            "containerStatuses":[{"name":"c","ready":true,"restartCount":2,"image":"i","imageID":""}]}}
            """
        );
        api.Store.Update(ResourceKinds.Pods, "default", "p", status, status: true).OrThrow();

        var lines = (await kubectl.RunAsync("get pods -o wide -l version=v1")).Split('\n');
        lines[0]
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .ShouldBe([
                "NAME",
                "READY",
                "STATUS",
                "RESTARTS",
                "AGE",
                "IP",
                "NODE",
                "NOMINATED",
                "NODE",
                "READINESS",
                "GATES",
            ]);
        var cells = lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        cells[..4].ShouldBe(["p", "1/1", "Running", "2"]);
        cells[5..].ShouldBe(["10.244.1.5", "cluster-worker", "<none>", "<none>"]);
        (await kubectl.RunAsync("get no")).ShouldMatch(
            @"NAME +STATUS +ROLES +AGE +VERSION\ncluster-worker +Ready +<none> +\d+s +v1.32.0"
        );
        (await kubectl.RunAsync("get ns")).ShouldContain("kube-system");
        (await kubectl.RunAsync("get pod/p -o jsonpath={.status.podIP}")).ShouldBe("10.244.1.5");
        (
            await kubectl.RunAsync(
                "get cnp,svc,deploy,ds,jobs,leases,crd,cm,netpol,endpointslices,sa,clusterroles,rolebindings -A"
            )
        ).ShouldBeEmpty();
        (await kubectl.RunAsync("api-resources")).ShouldContain("ciliumnetworkpolicies");
        (await kubectl.RunAsync("version")).ShouldContain(Discovery.GitVersion);
        (await kubectl.RunAsync("explain deployment.spec.replicas")).ShouldContain("integer");
        (await kubectl.RunAsync("explain service.spec.ports.targetPort")).ShouldContain("targetPort");
        (await kubectl.TryAsync("exec p -- ls")).Error.ShouldContain("processes of this machine");
    }

    [Fact]
    public async Task Apply_creates_changes_and_leaves_unchanged_on_either_side()
    {
        await using var api = await ApiFixture.StartAsync();
        using var kubectl = Kubectl.For(api);
        (await kubectl.RunAsync("apply -f -", Manifests))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ShouldAllBe(l => l.EndsWith("created"));
        (await kubectl.RunAsync("apply -f -", Manifests))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ShouldAllBe(l => l.EndsWith("unchanged"));
        var changed = Manifests
            .Replace("method: GET", "method: POST", StringComparison.Ordinal)
            .Replace("env: [{name: A, value: \"1\"}]", "env: [{name: B, value: \"2\"}]", StringComparison.Ordinal);
        var second = await kubectl.RunAsync("apply -f -", changed);
        second.ShouldContain("ciliumnetworkpolicy.cilium.io/l7 configured");
        second.ShouldContain("deployment.apps/backend-1 configured");
        (
            await kubectl.RunAsync(
                "-n backend get deploy backend-1 -o jsonpath={.spec.template.spec.containers[0].env[*].name}"
            )
        ).ShouldBe("B");
        (await kubectl.RunAsync("-n backend get cnp l7 -o jsonpath={.metadata.generation}")).ShouldBe("2");
        (await kubectl.RunAsync("diff -f -", changed)).ShouldBeEmpty();

        (await kubectl.RunAsync("apply --server-side -f -", changed))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ShouldAllBe(l => l.EndsWith("serverside-applied"));
        var conflict = await kubectl.TryAsync("apply --server-side --field-manager=other -f -", Manifests);
        conflict.Code.ShouldNotBe(0);
        conflict.Error.ShouldContain("conflict");
        await kubectl.RunAsync("apply --server-side --field-manager=other --force-conflicts -f -", Manifests);
        await kubectl.RunAsync("delete --ignore-not-found -f -", changed);
        (await kubectl.RunAsync("get cnp,deploy,svc -A")).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_small_commands_work()
    {
        await using var api = await ApiFixture.StartAsync();
        using var kubectl = Kubectl.For(api);
        await kubectl.RunAsync("apply -f -", Manifests);
        await kubectl.RunAsync("-n backend scale deploy backend-1 --replicas=5");
        (await kubectl.RunAsync("-n backend get deploy backend-1 -o jsonpath={.spec.replicas}")).ShouldBe("5");
        await kubectl.RunAsync("-n backend label svc backend-1 tier=web");
        await kubectl.RunAsync("-n backend annotate svc backend-1 note=x");
        (await kubectl.RunAsync("-n backend get svc -l tier=web -o name")).Trim().ShouldBe("service/backend-1");
        await kubectl.RunAsync("-n backend set image deploy/backend-1 backend=backend:2");
        await kubectl.RunAsync(
            "create -f -",
            "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c\"},\"data\":{\"a\":\"1\"}}"
        );
        await kubectl.RunAsync(
            """patch cm c --type=json -p "[{\"op\":\"add\",\"path\":\"/data/b\",\"value\":\"2\"}]" """
        );
        (await kubectl.RunAsync("describe svc backend-1 -n backend")).ShouldContain("tier=web");
        (await kubectl.RunAsync("describe deploy backend-1 -n backend")).ShouldContain("backend:2");
        await kubectl.RunAsync("delete ns backend");
        var strict = await kubectl.TryAsync(
            "create -f -",
            "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"s\"},\"dta\":{}}"
        );
        strict.Error.ShouldContain("unknown field \"dta\"");
    }

    [Fact]
    public async Task Create_commands_work_whichever_encoding_kubectl_gives_them()
    {
        await using var api = await ApiFixture.StartAsync();
        using var kubectl = Kubectl.For(api);
        await kubectl.RunAsync("create namespace x");
        await kubectl.RunAsync("-n x create serviceaccount y");
        await kubectl.RunAsync("-n x create configmap c --from-literal=a=b");
        await kubectl.RunAsync("-n x create deployment web --image=backend:1 --port=8080 --replicas=0");
        await kubectl.RunAsync("-n x create service clusterip web --tcp=80:8080");
        await kubectl.RunAsync("-n x create job j --image=load-test -- --help");
        await kubectl.RunAsync("create clusterrole lab:reader --verb=get,list --resource=pods,deployments.apps");
        await kubectl.RunAsync("create clusterrolebinding reader --clusterrole=lab:reader --serviceaccount=x:y");
        (await kubectl.RunAsync("-n x get cm c -o jsonpath={.data.a}")).ShouldBe("b");
        (
            await kubectl.RunAsync(
                "-n x get deploy web -o jsonpath={.spec.replicas}/{.spec.template.spec.containers[0].image}"
                    + "/{.spec.template.spec.containers[0].ports[0].containerPort}/{.spec.selector.matchLabels.app}"
            )
        ).ShouldBe("0/backend:1/8080/web");
        (
            await kubectl.RunAsync(
                "-n x get svc web -o jsonpath={.spec.ports[0].port}/{.spec.ports[0].targetPort}/{.spec.selector.app}"
            )
        ).ShouldBe("80/8080/web");
        (
            await kubectl.RunAsync(
                "-n x get job j -o jsonpath={.spec.template.spec.containers[0].command[0]}"
                    + "/{.spec.template.spec.restartPolicy}"
            )
        ).ShouldBe("--help/Never");
        (
            await kubectl.RunAsync("get clusterrole lab:reader -o jsonpath={.rules[*].resources}/{.rules[0].apiGroups}")
        ).ShouldContain("pods");
        (
            await kubectl.RunAsync("get clusterrolebinding reader -o jsonpath={.subjects[0].namespace}/{.roleRef.name}")
        ).ShouldBe("x/lab:reader");
        var twice = await kubectl.TryAsync("create namespace x");
        twice.Error.ShouldContain("already exists");
    }

    [Fact]
    public async Task Watch_and_wait_see_changes_as_they_happen()
    {
        await using var api = await ApiFixture.StartAsync();
        using var kubectl = Kubectl.For(api);
        api.Store.Create(
                ResourceKinds.Pods,
                "default",
                ApiFixture.Object("""{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""")
            )
            .OrThrow();
        using var watch = kubectl.Start("get pods -w");
        using var wait = kubectl.Start("wait pod/p --for=condition=Ready --timeout=90s");
        (await watch.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))
            .ShouldNotBeNull()
            .ShouldStartWith("NAME");
        (await watch.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))
            .ShouldNotBeNull()
            .ShouldContain("Pending");
        api.Store.Update(
                ResourceKinds.Pods,
                "default",
                "p",
                ApiFixture.Object("""{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}"""),
                status: true
            )
            .OrThrow();
        (await watch.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))
            .ShouldNotBeNull()
            .ShouldContain("Running");
        (await wait.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe(
            "pod/p condition met"
        );
        await kubectl.RunAsync("delete pod p --wait=true");
        watch.Kill();
    }

    [Fact]
    public async Task Logs_shows_what_the_pod_printed()
    {
        await using var api = await ApiFixture.StartAsync(logs: new TwoLines());
        using var kubectl = Kubectl.For(api);
        api.Store.Create(
                ResourceKinds.Pods,
                "default",
                ApiFixture.Object("""{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""")
            )
            .OrThrow();
        (await kubectl.RunAsync("logs p")).ShouldBe("first\nsecond\n");
        (await kubectl.RunAsync("logs p --tail=1 --timestamps")).ShouldBe("2026-01-01T00:00:01.0000000Z second\n");
        (await kubectl.RunAsync("logs p --limit-bytes=8")).ShouldBe("first\nse");
        (await kubectl.TryAsync("logs q")).Error.ShouldContain("pods \"q\" not found");

        // A container that has never been restarted has no previous log.
        api.Store.Update(
                ResourceKinds.Pods,
                "default",
                "p",
                ApiFixture.Object("""{"status":{"containerStatuses":[{"name":"c","restartCount":0}]}}"""),
                status: true
            )
            .OrThrow();
        var (code, _, error) = await kubectl.TryAsync("logs p --previous");
        (code, error.Trim()).ShouldBe(
            (1, "Error from server (BadRequest): previous terminated container \"c\" in pod \"p\" not found")
        );
    }

    [Fact]
    public async Task Explain_has_descriptions_and_describe_shows_the_defaults()
    {
        await using var api = await ApiFixture.StartAsync();
        using var kubectl = Kubectl.For(api);
        (await kubectl.RunAsync("explain pod.spec.containers.image")).ShouldContain("Container image name.");
        (await kubectl.RunAsync("explain cnp.spec.endpointSelector")).ShouldContain("selects all endpoints");

        const string deployment = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec:
                  containers:
                  - name: web
                    image: backend
                    env: [{name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]
                    readinessProbe: {httpGet: {port: 8080}}
            """;
        await kubectl.RunAsync("create -f -", deployment);
        var described = await kubectl.RunAsync("describe deployment web");
        described.ShouldContain("http-get http://:8080/ delay=0s timeout=1s period=10s #success=1 #failure=3");
        described.ShouldContain("(v1:spec.nodeName)");
    }

    [Fact]
    public async Task The_kubeconfig_is_readable_by_its_owner_only()
    {
        await using var api = await ApiFixture.StartAsync();
        using var kubectl = Kubectl.For(api);
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(kubectl.Kubeconfig).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        JsonNode.Parse(await File.ReadAllTextAsync(kubectl.Kubeconfig, TestContext.Current.CancellationToken))![
            "clusters"
        ]![0]!["cluster"]!["server"]!
            .GetValue<string>()
            .ShouldBe(api.Server.Address.ToString().TrimEnd('/'));
    }
}
