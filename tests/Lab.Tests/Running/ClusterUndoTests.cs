using System.Text.Json.Nodes;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>Whatever a run changes is put back, for each kind of step.</summary>
public sealed class ClusterUndoTests : IAsyncLifetime
{
    private static readonly Scenario s_twoSided = ScenarioCatalog.Load("two-sided-l7");

    private ApiFixture _api = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;
    private ObjectClient Objects => new(_api.Client);
    private ClusterChanges Changes => new(_api.Client);
    private static PolicyManifest Policy => s_twoSided.Policies().First();
    private static ObjectReference Service => ChangedObjects.Of(ServiceStep("Local"), s_twoSided.Load).Single();

    private static ServiceStep ServiceStep(string? external = null) =>
        new("ClientIP", 60, "Local", "PreferClose", external);

    public async ValueTask InitializeAsync()
    {
        _api = await ApiFixture.StartAsync();
        foreach (var name in (string[])["backend", "load-test"])
            await _api.Client.CoreV1.CreateNamespaceAsync(
                new V1Namespace { Metadata = new V1ObjectMeta { Name = name } },
                cancellationToken: Cancellation
            );
        await _api.Client.CoreV1.CreateNamespacedServiceAsync(
            new V1Service
            {
                Metadata = new V1ObjectMeta
                {
                    Name = "backend-1",
                    Annotations = new Dictionary<string, string> { ["owner"] = "a team" },
                },
                Spec = new V1ServiceSpec
                {
                    Ports = [new V1ServicePort { Name = "http", Port = 8080 }],
                    Selector = new Dictionary<string, string> { ["app"] = "backend" },
                },
            },
            "backend",
            cancellationToken: Cancellation
        );
        await _api.Client.CoreV1.CreateNamespacedConfigMapAsync(
            new V1ConfigMap
            {
                Metadata = new V1ObjectMeta { Name = "cilium-config" },
                Data = new Dictionary<string, string> { ["tunnel"] = "vxlan", ["debug"] = "false" },
            },
            "kube-system",
            cancellationToken: Cancellation
        );
        await _api.Client.AppsV1.CreateNamespacedDeploymentAsync(
            new V1Deployment
            {
                Metadata = new V1ObjectMeta { Name = "backend-1" },
                Spec = new V1DeploymentSpec
                {
                    Replicas = 3,
                    Selector = new V1LabelSelector { MatchLabels = Labels },
                    Template = new V1PodTemplateSpec
                    {
                        Metadata = new V1ObjectMeta { Labels = Labels },
                        Spec = new V1PodSpec { Containers = [new V1Container { Name = "b", Image = "backend" }] },
                    },
                },
            },
            "backend",
            cancellationToken: Cancellation
        );
    }

    private static Dictionary<string, string> Labels => new() { ["app"] = "backend" };

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task An_applied_policy_that_did_not_exist_is_deleted() =>
        (
            await PutBackAsync(ChangedObjects.Of(Policy), new ApplyStep("p.yaml", [Policy]), () =>
                Changes.ApplyAsync(Policy, Cancellation)
            )
        ).ShouldBeNull();

    [Fact]
    public async Task An_applied_policy_that_existed_otherwise_is_what_it_was()
    {
        var other = Policy.Manifest.DeepClone().AsObject();
        other["spec"]!["description"] = "another one";
        other["metadata"]!["labels"] = new JsonObject { ["team"] = "a" };
        var changed = Policy.Manifest.DeepClone().AsObject();
        changed["metadata"]!["annotations"] = new JsonObject { ["added"] = "by the run" };
        changed["spec"]!["description"] = "the run's";
        await Changes.ApplyAsync(Policy with { Manifest = other }, Cancellation);

        await PutBackAsync(ChangedObjects.Of(Policy), new ApplyStep("p.yaml", [Policy]), () =>
            Changes.ApplyAsync(Policy with { Manifest = changed }, Cancellation)
        );
    }

    [Fact]
    public async Task A_deleted_policy_is_created_again()
    {
        await Changes.ApplyAsync(Policy, Cancellation);
        (
            await PutBackAsync(ChangedObjects.Of(Policy), new DeleteStep("p.yaml", [Policy]), () =>
                Changes.DeleteAsync(Policy, Cancellation)
            )
        ).ShouldNotBeNull();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Local")]
    public async Task The_fields_of_a_service_are_what_they_were_node_port_included(string? external)
    {
        var service = await PutBackAsync(Service, ServiceStep(external), () =>
            Changes.PatchServiceAsync(s_twoSided.Load, ClusterChanges.SpecOf(ServiceStep(external)), Cancellation)
        );
        var spec = service.ShouldNotBeNull()["spec"]!.AsObject();
        ((string?)spec["type"]).ShouldBe("ClusterIP");
        spec.ContainsKey("externalTrafficPolicy").ShouldBeFalse();
        spec["ports"]![0]!.AsObject().ContainsKey("nodePort").ShouldBeFalse();
    }

    public static TheoryData<ScenarioStep> DeploymentSteps =>
        new(
            (ScenarioStep[])
                [new ScaleStep(5), new ScaleStep(0, "backend-1"), new RolloutStep(), new RolloutStep(null, 5, 60)]
        );

    [Theory]
    [MemberData(nameof(DeploymentSteps), DisableDiscoveryEnumeration = true)]
    public async Task A_deployment_that_was_scaled_or_restarted_is_what_it_was(ScenarioStep step)
    {
        var reference = ChangedObjects.DeploymentOf(s_twoSided.Load, null);
        var deployments = new DeploymentChanges(_api.Client, TimeProvider.System);
        await PutBackAsync(reference, step, async () =>
        {
            await deployments.ApplyAsync(
                reference,
                await deployments.PlanAsync(step, reference, Cancellation),
                Cancellation
            );
            // The controller numbers the rollout, and numbers on after it was put back.
            var revision = new JsonObject { ["deployment.kubernetes.io/revision"] = "2" };
            var metadata = new JsonObject { ["annotations"] = revision };
            await Objects.PatchAsync(reference, new JsonObject { ["metadata"] = metadata }, Cancellation);
        });
    }

    [Fact]
    public async Task The_pods_of_a_deployment_that_was_put_back_are_waited_for()
    {
        var (undo, waited) = (new ClusterUndo(_api.Client), new List<string>());
        Task FollowAsync(ObjectReference reference, CancellationToken token)
        {
            waited.Add(reference.Title);
            return Task.CompletedTask;
        }
        var scenario = s_twoSided with { Steps = [new ServiceStep("ClientIP", 60, null, null), new ScaleStep(5)] };
        var deployment = ChangedObjects.DeploymentOf(scenario.Load, null);
        await undo.RememberAsync(scenario, Cancellation, FollowAsync);
        await undo.RestoreAsync(TimeProvider.System, Cancellation);
        waited.ShouldBeEmpty("nothing had changed");

        await undo.RememberAsync(scenario, Cancellation, FollowAsync);
        await Changes.PatchServiceAsync(s_twoSided.Load, ClusterChanges.SpecOf(ServiceStep()), Cancellation);
        var spec = new JsonObject { ["replicas"] = 5 };
        await Objects.PatchAsync(deployment, new JsonObject { ["spec"] = spec }, Cancellation);
        (await undo.RestoreAsync(TimeProvider.System, Cancellation)).ShouldBeEmpty();
        waited.ShouldBe(["Deployment backend/backend-1"]);
    }

    [Fact]
    public async Task Settings_are_what_they_were_and_the_agents_restart_only_if_something_had_changed()
    {
        var restarts = 0;
        var undo = new ClusterUndo(_api.Client);
        Task RestartAsync(CancellationToken token) => Task.FromResult(restarts++);
        var before = await ReadAsync(ChangedObjects.CiliumConfig());
        await undo.RememberAsync(ChangedObjects.CiliumConfig(), Cancellation, RestartAsync);
        var patch = new JsonObject
        {
            ["data"] = new JsonObject { ["tunnel"] = "disabled", ["bpf-lb-sock"] = "true" },
        };
        await Objects.PatchAsync(ChangedObjects.CiliumConfig(), patch, Cancellation);

        (await undo.RestoreAsync(TimeProvider.System, Cancellation)).ShouldBeEmpty();
        (await ReadAsync(ChangedObjects.CiliumConfig())).ShouldBe(before);
        restarts.ShouldBe(1);

        await undo.RememberAsync(ChangedObjects.CiliumConfig(), Cancellation, RestartAsync);
        (await undo.RestoreAsync(TimeProvider.System, Cancellation)).ShouldBeEmpty();
        restarts.ShouldBe(1);
    }

    [Fact]
    public async Task An_EndpointSlice_of_a_scenario_is_deleted_and_one_that_existed_has_its_addresses_again()
    {
        var (load, undo) = (s_twoSided.Load, new ClusterUndo(_api.Client));
        var (added, changed) = (new EndpointSliceStep("added", ["192.0.2.1"]), new EndpointSliceStep("kept", []));
        await Changes.ApplySliceAsync(load, changed with { Addresses = ["192.0.2.7"] }, Cancellation);
        var before = await ReadAsync(ChangedObjects.SliceOf(load, "kept"));
        await undo.RememberAsync(s_twoSided with { Steps = [added, changed] }, Cancellation);

        await Changes.ApplySliceAsync(load, added, Cancellation);
        await Changes.ApplySliceAsync(load, changed, Cancellation);
        $"{await ReadAsync(ChangedObjects.SliceOf(load, "added"))}".ShouldContain("192.0.2.1");
        $"{await ReadAsync(ChangedObjects.SliceOf(load, "kept"))}".ShouldNotContain("192.0.2.7");

        (await undo.RestoreAsync(TimeProvider.System, Cancellation)).ShouldBeEmpty();
        (await ReadAsync(ChangedObjects.SliceOf(load, "added"))).ShouldBeNull();
        (await ReadAsync(ChangedObjects.SliceOf(load, "kept"))).ShouldBe(before);
    }

    [Fact]
    public void A_deleted_pod_a_wait_and_a_phase_leave_nothing_to_put_back()
    {
        ChangedObjects.Of(new WaitStep(TimeSpan.FromSeconds(1)), s_twoSided.Load).ShouldBeEmpty();
        ChangedObjects.Of(new DeletePodStep(PodPlace.Any), s_twoSided.Load).ShouldBeEmpty();
        ChangedObjects.Of(new PhaseStep("observe", TimeSpan.FromSeconds(1)), s_twoSided.Load).ShouldBeEmpty();
    }

    [Fact]
    public void What_every_kind_of_step_changes_is_known()
    {
        var kinds = typeof(ScenarioStep).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(ScenarioStep)));
        kinds.ShouldBe(
            [
                typeof(ApplyStep),
                typeof(DeleteStep),
                typeof(DeletePodStep),
                typeof(ServiceStep),
                typeof(EndpointSliceStep),
                typeof(ScaleStep),
                typeof(RolloutStep),
                typeof(WaitStep),
                typeof(PhaseStep),
            ],
            ignoreOrder: true
        );
    }

    [Fact]
    public async Task An_object_keeps_the_first_state_that_was_remembered()
    {
        var undo = new ClusterUndo(_api.Client);
        await undo.RememberAsync(s_twoSided, Cancellation);
        await Changes.ApplyAsync(Policy, Cancellation);
        await undo.RememberAsync(s_twoSided, Cancellation);

        (await undo.RestoreAsync(TimeProvider.System, Cancellation)).ShouldBeEmpty();
        (await ReadAsync(ChangedObjects.Of(Policy))).ShouldBeNull();
        undo.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public async Task What_cannot_be_put_back_is_named_and_the_rest_is_put_back()
    {
        var undo = new ClusterUndo(_api.Client);
        await undo.RememberAsync(Service, Cancellation);
        await undo.RememberAsync(ChangedObjects.CiliumConfig(), Cancellation, _ =>
            throw new TimeoutException("the agents are not ready")
        );
        var data = new JsonObject { ["data"] = new JsonObject { ["tunnel"] = "disabled" } };
        await Objects.PatchAsync(ChangedObjects.CiliumConfig(), data, Cancellation);
        await Changes.PatchServiceAsync(s_twoSided.Load, ClusterChanges.SpecOf(ServiceStep()), Cancellation);

        var left = (await undo.RestoreAsync(TimeProvider.System, Cancellation)).ShouldHaveSingleItem();
        left.Title.ShouldBe("ConfigMap kube-system/cilium-config");
        left.Command.ShouldStartWith("kubectl replace -f - <<'EOF'\n{");
        left.Command.ShouldContain("\"tunnel\":\"vxlan\"");
        ((string?)(await Objects.ReadAsync(Service, Cancellation))!["spec"]!["sessionAffinity"]).ShouldBe("None");
    }

    [Fact]
    public async Task While_the_API_does_not_answer_it_tries_again_and_what_is_refused_is_a_command()
    {
        var outage = new AwayHandler();
        using var client = new Kubernetes(
            new KubernetesClientConfiguration
            {
                Host = _api.Client.BaseUri.ToString(),
                AccessToken = ApiFixture.Token,
                SkipTlsVerify = true,
            },
            outage
        );
        var undo = new ClusterUndo(client);
        await undo.RememberAsync(Service, Cancellation);
        await undo.RememberAsync(ChangedObjects.Of(Policy), Cancellation);
        await Changes.PatchServiceAsync(s_twoSided.Load, ClusterChanges.SpecOf(ServiceStep()), Cancellation);
        await Changes.ApplyAsync(Policy, Cancellation);

        outage.Failures = 3;
        (await undo.RestoreAsync(TimeProvider.System, Cancellation)).ShouldBeEmpty();
        outage.Failures.ShouldBe(0);
        ((string?)(await Objects.ReadAsync(Service, Cancellation))!["spec"]!["sessionAffinity"]).ShouldBe("None");

        await undo.RememberAsync(ChangedObjects.Of(Policy), Cancellation);
        await Changes.ApplyAsync(Policy, Cancellation);
        outage.Failures = int.MaxValue;
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        (await undo.RestoreAsync(TimeProvider.System, limit.Token))
            .ShouldHaveSingleItem()
            .Command.ShouldBe("kubectl delete -n backend ciliumnetworkpolicies.cilium.io/backend-1 --ignore-not-found");
    }

    /// <summary>An API server that is away for some requests.</summary>
    private sealed class AwayHandler : DelegatingHandler
    {
        public int Failures { get; set; }

        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            if (Failures == 0)
                return base.SendAsync(request, cancellationToken);
            Failures--;
            throw new HttpRequestException("connection refused");
        }
    }

    /// <summary>Remembers and changes an object as a step does, puts it back, and compares before and after.</summary>
    private async Task<JsonObject?> PutBackAsync(ObjectReference reference, ScenarioStep step, Func<Task> change)
    {
        ChangedObjects.Of(step, s_twoSided.Load).ShouldContain(reference);
        var undo = new ClusterUndo(_api.Client);
        var before = await ReadAsync(reference);
        await undo.RememberAsync(s_twoSided with { Steps = [step] }, Cancellation);
        await change();
        (await ReadAsync(reference)).ShouldNotBe(before, "the step changes something");

        (await undo.RestoreAsync(TimeProvider.System, Cancellation)).ShouldBeEmpty();
        (await ReadAsync(reference)).ShouldBe(before);
        return await Objects.ReadAsync(reference, Cancellation);
    }

    private async Task<string?> ReadAsync(ObjectReference reference)
    {
        if (await Objects.ReadAsync(reference, Cancellation) is not { } value)
            return null;
        foreach (var field in (string[])["resourceVersion", "uid", "creationTimestamp", "generation", "managedFields"])
            value["metadata"]!.AsObject().Remove(field);
        (value["metadata"]!["annotations"] as JsonObject)?.Remove("deployment.kubernetes.io/revision");
        if (value["metadata"]!["annotations"] is JsonObject { Count: 0 })
            value["metadata"]!.AsObject().Remove("annotations");
        return Sorted(value)!.ToJsonString();
    }

    private static JsonNode? Sorted(JsonNode? node) =>
        node is JsonObject map
            ? new JsonObject(
                map.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => KeyValuePair.Create(f.Key, Sorted(f.Value)))
            )
            : node?.DeepClone();
}
