using System.Text.Json.Nodes;
using CiliumDebugging.Testing;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api;

public sealed class PatchTests
{
    private const string Deployment = """
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},
         "spec":{"selector":{"matchLabels":{"a":"b"}},
         "template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[
         {"name":"x","image":"x:1","env":[{"name":"A","value":"1"}]},{"name":"y","image":"y:1"}]}}}}
        """;

    private const string Path = "/apis/apps/v1/namespaces/default/deployments/d";

    [Fact]
    public async Task Strategic_merge_merges_containers_by_name_and_follows_its_directives()
    {
        await using var api = await ApiFixture.StartAsync();
        await api.SendAsync("POST", "/apis/apps/v1/namespaces/default/deployments", Deployment);
        var (code, json) = await api.SendAsync(
            "PATCH",
            Path,
            """
            {"spec":{"template":{"spec":{"containers":[
            {"name":"x","image":"x:2","env":[{"name":"A","$patch":"delete"},{"name":"B"}]},
            {"name":"y","$patch":"delete"},{"name":"z","image":"z:1"}]}}}}
            """,
            "application/strategic-merge-patch+json"
        );
        code.ShouldBe(200);
        var containers = json!["spec"]!["template"]!["spec"]!["containers"]!.AsArray();
        containers.Select(c => $"{c!["name"]} {c["image"]}").ShouldBe(["x x:2", "z z:1"]);
        containers[0]!["env"]!.AsArray().Select(e => e!["name"]!.GetValue<string>()).ShouldBe(["B"]);
    }

    [Fact]
    public async Task Server_side_apply_removes_what_is_no_longer_applied_and_keeps_what_others_own()
    {
        await using var api = await ApiFixture.StartAsync();
        static string Config(string data) =>
            """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":DATA}""".Replace(
                "DATA",
                data,
                StringComparison.Ordinal
            );
        async Task<(int Code, JsonNode? Json)> Apply(string manager, string data, string query = "") =>
            await api.SendAsync(
                "PATCH",
                $"/api/v1/namespaces/default/configmaps/c?fieldManager={manager}{query}",
                Config(data),
                "application/apply-patch+yaml"
            );
        (await Apply("a", """{"x":"1","y":"1"}""")).Code.ShouldBe(201);
        (await Apply("b", """{"y":"1","z":"1"}""")).Code.ShouldBe(200);
        var (_, json) = await Apply("a", "{}");
        json!["data"]!.AsObject().Select(d => d.Key).ShouldBe(["y", "z"], ignoreOrder: true);
        var (code, conflict) = await Apply("a", """{"z":"2"}""");
        code.ShouldBe(409);
        conflict!["details"]!["causes"]![0]!["field"]!.GetValue<string>().ShouldBe(".data.z");
        (await Apply("a", """{"z":"2"}""", "&force=true")).Json!["data"]!["z"]!.GetValue<string>().ShouldBe("2");
        var version = (await Apply("a", """{"z":"2"}""")).Json!["metadata"]!["resourceVersion"]!.GetValue<string>();
        (await Apply("a", """{"z":"2"}""")).Json!["metadata"]!["resourceVersion"]!.GetValue<string>().ShouldBe(version);
    }

    [Fact]
    public async Task Server_side_apply_takes_yaml_and_removes_list_elements_by_key()
    {
        await using var api = await ApiFixture.StartAsync();
        static string Yaml(string ports) =>
            $"apiVersion: v1\nkind: Service\nmetadata:\n  name: s\nspec:\n  ports:\n{ports}";
        const string One = "  - {name: a, port: 80}\n",
            Two = "  - {name: b, port: 81, protocol: UDP}\n";
        (
            await api.SendAsync(
                "PATCH",
                "/api/v1/namespaces/default/services/s?fieldManager=m",
                Yaml(One + Two),
                "application/apply-patch+yaml"
            )
        ).Code.ShouldBe(201);
        var (code, json) = await api.SendAsync(
            "PATCH",
            "/api/v1/namespaces/default/services/s?fieldManager=m",
            Yaml(One),
            "application/apply-patch+yaml"
        );
        code.ShouldBe(200, json?.ToJsonString());
        json!["spec"]!["ports"]!.AsArray().Select(p => p!["name"]!.GetValue<string>()).ShouldBe(["a"]);
    }

    [Theory]
    [InlineData("""[{"op":"test","path":"/data/value","value":"no"}]""", 422)]
    [InlineData("""[{"op":"remove","path":"/data/absent"}]""", 422)]
    [InlineData("""[{"op":"replace","path":"/metadata/name","value":"other"}]""", 400)]
    [InlineData("""[{"op":"add","path":"/data/more","value":1}]""", 400)]
    [InlineData("""{"op":"add"}""", 400)]
    [InlineData(
        """
            [{"op":"move","from":"/data/value","path":"/data/moved"},
            {"op":"copy","from":"/data/moved","path":"/data/copy"}]
            """,
        200
    )]
    public async Task A_json_patch_is_applied_whole_or_not_at_all(string patch, int code)
    {
        await using var api = await ApiFixture.StartAsync();
        await api.SendAsync(
            "POST",
            "/api/v1/namespaces/default/configmaps",
            ApiFixture.ConfigMap("c", "v").ToJsonString()
        );
        (
            await api.SendAsync(
                "PATCH",
                "/api/v1/namespaces/default/configmaps/c",
                patch,
                "application/json-patch+json"
            )
        ).Code.ShouldBe(code);
    }
}
