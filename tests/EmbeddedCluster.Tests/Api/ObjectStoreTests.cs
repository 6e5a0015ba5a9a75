using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Status;
using CiliumDebugging.EmbeddedCluster.Api.Storage;
using CiliumDebugging.Testing;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api;

public sealed class ObjectStoreTests
{
    private readonly ObjectStore _store = new(TimeProvider.System);

    [Fact]
    public void A_generated_name_has_five_characters_of_the_suffix_alphabet()
    {
        var created = _store
            .Create(
                ResourceKinds.ConfigMaps,
                "default",
                ApiFixture.Object("""{"metadata":{"generateName":"backend-1-"}}""")
            )
            .OrThrow();
        Regex.IsMatch(created.Name, "^backend-1-[bcdfghjklmnpqrstvwxz2456789]{5}$").ShouldBeTrue(created.Name);
    }

    [Fact]
    public void Admission_may_complete_an_object_and_refuse_it_with_a_cause_per_problem()
    {
        _store.Admit(ResourceKinds.Services, request =>
        {
            if (request.Proposed["spec"]!["clusterIP"] is null)
                request.Proposed["spec"]!["clusterIP"] = "127.10.0.1";
            return request.Name == "bad"
                ? [new FieldError("spec.a", "wrong"), new FieldError("spec.b", "also wrong")]
                : [];
        });
        static JsonObject Service(string name) =>
            new()
            {
                ["metadata"] = new JsonObject { ["name"] = name },
                ["spec"] = new JsonObject(),
            };
        _store.Create(ResourceKinds.Services, "default", Service("good")).OrThrow().Copy()["spec"]!["clusterIP"]!
            .GetValue<string>()
            .ShouldBe("127.10.0.1");
        var refused = _store.Create(ResourceKinds.Services, "default", Service("bad")).Failure!;
        refused.Code.ShouldBe(422);
        refused.Details!["causes"]!
            .AsArray()
            .Select(c => c!["field"]!.GetValue<string>())
            .ShouldBe(["spec.a", "spec.b"]);
        _store.Get(ResourceKinds.Services, "default", "bad").Failure!.Code.ShouldBe(404);
    }

    [Theory]
    [InlineData("""{"podSelector":{}}""", "Ingress")]
    [InlineData("""{"podSelector":{},"policyTypes":[],"egress":[{}]}""", "Ingress,Egress")]
    [InlineData("""{"podSelector":{},"egress":[]}""", "Ingress")]
    [InlineData("""{"podSelector":{},"policyTypes":["Egress"]}""", "Egress")]
    public void A_network_policy_says_which_directions_it_is_about(string spec, string types)
    {
        var stored = new ObjectStore(TimeProvider.System)
            .Create(
                ResourceKinds.NetworkPolicies,
                "default",
                ApiFixture.Object($$$"""{"metadata":{"name":"p"},"spec":{{{spec}}}}""")
            )
            .OrThrow();
        string.Join(',', stored.View["spec"]!["policyTypes"]!.AsArray().Select(t => (string?)t)).ShouldBe(types);
    }

    [Fact]
    public void Spec_and_status_are_written_apart_and_only_spec_counts_generations()
    {
        var created = _store
            .Create(
                ResourceKinds.CiliumNetworkPolicies,
                "default",
                ApiFixture.Object(
                    """{"metadata":{"name":"l7"},"spec":{"endpointSelector":{},"ingress":[],"a":1},"status":{"dropped":true}}"""
                )
            )
            .OrThrow();
        created.Copy()["status"].ShouldBeNull();
        var withStatus = _store
            .Update(
                ResourceKinds.CiliumNetworkPolicies,
                "default",
                "l7",
                ApiFixture.Object("""{"spec":{"endpointSelector":{},"ingress":[],"a":2},"status":{"ok":true}}"""),
                status: true
            )
            .OrThrow()
            .Copy();
        (withStatus["spec"]!["a"]!.GetValue<int>(), withStatus["metadata"]!["generation"]!.GetValue<int>()).ShouldBe(
            (1, 1)
        );
        var withSpec = _store
            .Update(
                ResourceKinds.CiliumNetworkPolicies,
                "default",
                "l7",
                ApiFixture.Object("""{"spec":{"endpointSelector":{},"ingress":[],"a":2}}""")
            )
            .OrThrow()
            .Copy();
        (withSpec["status"]!["ok"]!.GetValue<bool>(), withSpec["metadata"]!["generation"]!.GetValue<int>()).ShouldBe(
            (true, 2)
        );
    }

    [Fact]
    public void An_update_that_changes_nothing_keeps_the_version_and_a_dry_run_stores_nothing()
    {
        var created = _store.Create(ResourceKinds.ConfigMaps, "default", ApiFixture.ConfigMap("c", "1")).OrThrow();
        _store
            .Update(ResourceKinds.ConfigMaps, "default", "c", created.Copy())
            .OrThrow()
            .ResourceVersion.ShouldBe(created.ResourceVersion);
        _store
            .Update(ResourceKinds.ConfigMaps, "default", "c", ApiFixture.ConfigMap("c", "2"), dryRun: true)
            .OrThrow()
            .Copy()["data"]!["value"]!
            .GetValue<string>()
            .ShouldBe("2");
        _store.Create(ResourceKinds.ConfigMaps, "default", ApiFixture.ConfigMap("d"), dryRun: true).OrThrow();
        _store.List(ResourceKinds.ConfigMaps).Single().ResourceVersion.ShouldBe(created.ResourceVersion);
    }

    [Fact]
    public void Dependents_go_with_their_last_owner_unless_orphaned()
    {
        JsonObject Owned(string name, params StoredObject[] owners) =>
            new()
            {
                ["metadata"] = new JsonObject
                {
                    ["name"] = name,
                    ["ownerReferences"] = new JsonArray([
                        .. owners.Select(o =>
                            (JsonNode)
                                new JsonObject
                                {
                                    ["apiVersion"] = "v1",
                                    ["kind"] = "ConfigMap",
                                    ["name"] = o.Name,
                                    ["uid"] = o.Uid,
                                }
                        ),
                    ]),
                },
            };
        var a = _store.Create(ResourceKinds.ConfigMaps, "default", ApiFixture.ConfigMap("a")).OrThrow();
        var b = _store.Create(ResourceKinds.ConfigMaps, "default", ApiFixture.ConfigMap("b")).OrThrow();
        var child = _store.Create(ResourceKinds.ConfigMaps, "default", Owned("of-a", a)).OrThrow();
        _store.Create(ResourceKinds.ConfigMaps, "default", Owned("of-child", child)).OrThrow();
        _store.Create(ResourceKinds.ConfigMaps, "default", Owned("of-both", a, b)).OrThrow();
        _store.Delete(ResourceKinds.ConfigMaps, "default", "a").OrThrow();
        _store.List(ResourceKinds.ConfigMaps).Select(o => o.Name).ShouldBe(["b", "of-both"]);
        _store.Delete(ResourceKinds.ConfigMaps, "default", "b", new DeleteOptions(Orphan: true)).OrThrow();
        _store.List(ResourceKinds.ConfigMaps).Select(o => o.Name).ShouldBe(["of-both"]);
    }

    [Fact]
    public void An_object_with_finalizers_stays_until_the_last_is_removed()
    {
        _store
            .Create(
                ResourceKinds.ConfigMaps,
                "default",
                ApiFixture.Object("""{"metadata":{"name":"c","finalizers":["lab/x"]}}""")
            )
            .OrThrow();
        _store.Delete(ResourceKinds.ConfigMaps, "default", "c").OrThrow();
        var marked = _store.Get(ResourceKinds.ConfigMaps, "default", "c").OrThrow().Copy();
        marked["metadata"]!["deletionTimestamp"].ShouldNotBeNull();
        marked["metadata"]!.AsObject().Remove("finalizers");
        _store.Update(ResourceKinds.ConfigMaps, "default", "c", marked).OrThrow();
        _store.Get(ResourceKinds.ConfigMaps, "default", "c").Failure!.Code.ShouldBe(404);
    }

    [Fact]
    public void Preconditions_and_protected_namespaces_refuse_a_deletion()
    {
        _store.Create(ResourceKinds.ConfigMaps, "default", ApiFixture.ConfigMap("c")).OrThrow();
        _store
            .Delete(ResourceKinds.ConfigMaps, "default", "c", new DeleteOptions(Uid: "other"))
            .Failure!.Code.ShouldBe(409);
        _store
            .Delete(ResourceKinds.ConfigMaps, "default", "c", new DeleteOptions(ResourceVersion: "1"))
            .Failure!.Code.ShouldBe(409);
        _store.Delete(ResourceKinds.Namespaces, "", "kube-system").Failure!.Code.ShouldBe(403);
    }

    [Fact]
    public void A_full_store_refuses_with_403()
    {
        var small = new ObjectStore(TimeProvider.System, new ObjectStoreLimits { MaxObjects = 5 });
        small.Create(ResourceKinds.ConfigMaps, "default", ApiFixture.ConfigMap("a")).OrThrow();
        small.Create(ResourceKinds.ConfigMaps, "default", ApiFixture.ConfigMap("b")).Failure!.Code.ShouldBe(403);
    }
}
