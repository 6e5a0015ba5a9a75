using CiliumDebugging.Testing;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api;

public sealed class RefusedRequestTests
{
    [Fact]
    public async Task What_is_not_served_is_refused_as_a_real_server_refuses_it()
    {
        await using var api = await ApiFixture.StartAsync();
        (await api.SendAsync("GET", "/api/v1/namespaces/default/secrets")).Code.ShouldBe(404);
        (await api.SendAsync("POST", "/api/v1/pods", "{}")).Code.ShouldBe(405);
        (await api.SendAsync("PUT", "/api/v1/namespaces/default/pods", "{}")).Code.ShouldBe(405);
        (await api.SendAsync("GET", "/api/v1/pods", accept: "application/vnd.kubernetes.protobuf")).Code.ShouldBe(406);
        var (code, invalid) = await api.SendAsync(
            "POST",
            "/api/v1/namespaces/default/configmaps",
            """{"metadata":{"name":"Bad_Name","labels":{"a b":"c"}}}"""
        );
        code.ShouldBe(422);
        invalid!["details"]!["causes"]!
            .AsArray()
            .Select(c => c!["field"]!.GetValue<string>())
            .ShouldBe(["metadata.name", "metadata.labels"]);
        (
            await api.SendAsync(
                "PATCH",
                "/apis/cilium.io/v2/namespaces/default/ciliumnetworkpolicies/x",
                "{}",
                "application/strategic-merge-patch+json"
            )
        ).Code.ShouldBe(415);
        const string SelectsOthers = """
            {"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"1"}},
            "template":{"metadata":{"labels":{"a":"2"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}
            """;
        (code, invalid) = await api.SendAsync("POST", "/apis/apps/v1/namespaces/default/deployments", SelectsOthers);
        (code, invalid!["details"]!["causes"]![0]!["field"]!.GetValue<string>()).ShouldBe(
            (422, "spec.template.metadata.labels")
        );
        (await api.SendAsync("DELETE", "/api/v1/namespaces/default")).Code.ShouldBe(403);
        (await api.SendAsync("GET", "/api/v1/namespaces/default/pods/p/exec")).Code.ShouldBe(501);
    }

    [Theory]
    [InlineData(
        "/api/v1/namespaces/default/pods",
        """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"},{"name":"c","image":"i"}]}}""",
        "spec.containers[1].name"
    )]
    [InlineData(
        "/api/v1/namespaces/default/pods",
        """
            {"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i",
            "lifecycle":{"preStop":{"sleep":{"seconds":31}}}}]}}
            """,
        "spec.containers[0].lifecycle.preStop.sleep"
    )]
    [InlineData(
        "/apis/apps/v1/namespaces/default/deployments",
        """
            {"metadata":{"name":"d"},"spec":{"replicas":-1,"selector":{"matchLabels":{"a":"1"}},
            "template":{"metadata":{"labels":{"a":"1"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}
            """,
        "spec.replicas"
    )]
    [InlineData(
        "/apis/batch/v1/namespaces/default/jobs",
        """{"metadata":{"name":"j"},"spec":{"completions":-1,"template":{"spec":{"containers":[{"name":"c","image":"i"}]}}}}""",
        "spec.completions"
    )]
    public async Task A_value_that_cannot_be_is_422_and_names_its_field(string path, string body, string field)
    {
        await using var api = await ApiFixture.StartAsync();
        var (code, invalid) = await api.SendAsync("POST", path, body);
        (code, invalid!["details"]!["causes"]![0]!["field"]!.GetValue<string>()).ShouldBe((422, field));
    }

    [Fact]
    public async Task A_pod_does_not_change_its_node_and_yaml_is_read_as_json_is()
    {
        await using var api = await ApiFixture.StartAsync();
        (
            await api.SendAsync(
                "POST",
                "/api/v1/namespaces/default/pods",
                "metadata: {name: p}\nspec: {nodeName: one, containers: [{name: c, image: i}]}\n",
                "application/yaml"
            )
        ).Code.ShouldBe(201);
        (
            await api.SendAsync(
                "PATCH",
                "/api/v1/namespaces/default/pods/p",
                """{"spec":{"nodeName":"other"}}""",
                "application/merge-patch+json"
            )
        ).Code.ShouldBe(422);
        (
            await api.SendAsync(
                "PATCH",
                "/api/v1/namespaces/default/pods/p",
                """{"metadata":{"annotations":{"a":"b"}}}""",
                "application/merge-patch+json"
            )
        ).Code.ShouldBe(200);
    }
}
