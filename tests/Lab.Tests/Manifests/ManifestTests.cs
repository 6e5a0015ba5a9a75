using System.Text.Json.Nodes;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;
using CiliumDebugging.Lab.Manifests;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Manifests;

public class ManifestTests
{
    private static readonly ManifestValues s_everything = new()
    {
        BackendCnp = true,
        LoadTestCnp = true,
        Runner = true,
    };

    /// <summary>The model that KubernetesClient has for each kind.</summary>
    private static readonly Dictionary<string, Type> s_models = new()
    {
        ["Namespace"] = typeof(V1Namespace),
        ["ServiceAccount"] = typeof(V1ServiceAccount),
        ["ConfigMap"] = typeof(V1ConfigMap),
        ["Service"] = typeof(V1Service),
        ["Deployment"] = typeof(V1Deployment),
        ["Job"] = typeof(V1Job),
        ["Role"] = typeof(V1Role),
        ["RoleBinding"] = typeof(V1RoleBinding),
        ["ClusterRole"] = typeof(V1ClusterRole),
        ["ClusterRoleBinding"] = typeof(V1ClusterRoleBinding),
    };

    public static TheoryData<int, bool, bool, bool> Choices =>
        new()
        {
            { 3, false, false, false },
            { 1, true, true, false },
            { 5, true, false, true },
            { 20, true, true, true },
        };

    private static string? Strictly(Manifest manifest, JsonObject value)
    {
        if (!s_models.TryGetValue(manifest.Kind, out var model))
            return null;
        var (group, version) = manifest.Object["apiVersion"]!.ToString().Split('/') is [var g, var v]
            ? (g, v)
            : ("", manifest.Object["apiVersion"]!.ToString());
        return SchemaCheck
            .Apply(
                new ResourceKind(group, version, "things", manifest.Kind, true) { Model = model },
                value,
                new UnknownFields(Refuse: true)
            )
            ?.Message;
    }

    [Theory]
    [MemberData(nameof(Choices))]
    public void Every_object_has_only_fields_and_types_of_KubernetesClients_models(
        int nodes,
        bool cnp,
        bool runner,
        bool prometheus
    )
    {
        var values = s_everything with
        {
            Topology = ClusterTopology.Create("cluster", nodes),
            BackendCnp = cnp,
            LoadTestCnp = cnp,
            Runner = runner,
            Prometheus = prometheus,
        };
        foreach (var manifest in ManifestSet.Render(values))
            Strictly(manifest, manifest.Object.DeepClone().AsObject()).ShouldBeNull(manifest.ToString());
    }

    [Fact]
    public void An_unknown_field_would_be_found()
    {
        var deployment = ManifestSet.Render(s_everything).First(m => m.Kind == "Deployment");
        var broken = deployment.Object.DeepClone().AsObject();
        broken["spec"]!["template"]!["spec"]!["containers"]![0]!["imagePulPolicy"] = "Always";
        Strictly(deployment, broken)!.ShouldContain("imagePulPolicy");
    }

    [Fact]
    public void The_yaml_equals_the_objects()
    {
        var manifests = ManifestSet.Render(s_everything);
        var documents = Manifest.ToYaml(manifests).Split("---\n");
        documents.Length.ShouldBe(manifests.Length);
        foreach (var (manifest, yaml) in manifests.Zip(documents))
        {
            if (!s_models.TryGetValue(manifest.Kind, out var model))
                continue;
            var read = KubernetesYaml
                .LoadAllFromString(
                    yaml,
                    new Dictionary<string, Type> { [$"{manifest.ApiVersion}/{manifest.Kind}"] = model },
                    strict: true
                )
                .ShouldHaveSingleItem();
            JsonNode.DeepEquals(JsonNode.Parse(KubernetesJson.Serialize(read)), manifest.Object).ShouldBeTrue(yaml);
        }
    }

    [Fact]
    public void Policies_depend_on_their_values_and_the_policy_reader_accepts_them()
    {
        ManifestSet.Render(new ManifestValues()).ShouldNotContain(m => m.Kind == "CiliumNetworkPolicy");
        ManifestSet
            .Render(new ManifestValues { BackendCnp = true })
            .Count(m => m.Kind == "CiliumNetworkPolicy")
            .ShouldBe(1);
        var policies = ManifestSet.Render(s_everything).Where(m => m.Kind == "CiliumNetworkPolicy").ToList();
        policies.Select(p => p.Namespace).ShouldBe(["backend", "load-test"]);
        foreach (var policy in policies)
            PolicyReader.ReadJson(policy.Object, policy.ToString()).Problems.ShouldBeEmpty();
    }

    [Fact]
    public void Every_pod_satisfies_the_restricted_pod_security_standard_and_says_what_it_needs()
    {
        var pods = ManifestSet
            .Render(s_everything)
            .Select(m => m.Object["spec"]?["template"]?["spec"])
            .OfType<JsonNode>()
            .Select(p => KubernetesJson.Deserialize<V1PodSpec>(p.ToJsonString()))
            .ToList();
        pods.Count.ShouldBe(6);
        foreach (var pod in pods)
        {
            pod.SecurityContext.RunAsNonRoot.ShouldBe(true);
            pod.SecurityContext.RunAsUser!.Value.ShouldBeGreaterThan(0);
            pod.SecurityContext.SeccompProfile.Type.ShouldBe("RuntimeDefault");
            pod.HostNetwork.ShouldBeNull();
            foreach (var container in pod.Containers)
            {
                container.SecurityContext.AllowPrivilegeEscalation.ShouldBe(false);
                container.SecurityContext.ReadOnlyRootFilesystem.ShouldBe(true);
                container.SecurityContext.Capabilities.Drop.ShouldBe(["ALL"]);
                container.Resources.Requests.Keys.ShouldBe(["cpu", "memory"], ignoreOrder: true);
                container.Resources.Limits.Keys.ShouldBe(["cpu", "memory"], ignoreOrder: true);
            }
            (pod.AutomountServiceAccountToken == true).ShouldBe(
                pod.ServiceAccountName is not null,
                "only who has rights gets a token"
            );
        }
    }

    [Fact]
    public void There_is_a_command_to_reach_each_tool()
    {
        var all = ManifestSet.Render(s_everything);
        var lines = ToolAddresses.Of(all).ToList();
        lines.Count.ShouldBe(4);
        lines[0].ShouldStartWith("kubectl -n cilium-monitoring port-forward service/grafana 3000 ");
        foreach (var words in lines.Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            var (kind, name) = (words[4].Split('/')[0], words[4].Split('/')[1]);
            var target = all.Single(m =>
                m.Namespace == words[2] && m.Name == name && m.Kind.Equals(kind, StringComparison.OrdinalIgnoreCase)
            );
            if (kind == "service")
                target.Object["spec"]!["ports"]!.AsArray().ShouldContain(p => $"{p!["port"]}" == words[5]);
        }
        ToolAddresses
            .Of(
                ManifestSet.Render(
                    new ManifestValues
                    {
                        Dashboard = false,
                        Prometheus = false,
                        Grafana = false,
                    }
                )
            )
            .ShouldBeEmpty();
    }

    [Fact]
    public void Roles_have_no_wildcards_no_secrets_and_change_nothing_outside_namespaces()
    {
        var rules = ManifestSet
            .Render(s_everything)
            .Where(m => m.Kind is "Role" or "ClusterRole")
            .SelectMany(m => m.Object["rules"]!.AsArray())
            .Select(r => r!.ToJsonString())
            .ToList();
        rules.ShouldNotBeEmpty();
        rules.ShouldAllBe(r =>
            !r.Contains('*', StringComparison.Ordinal) && !r.Contains("secrets", StringComparison.Ordinal)
        );
        // Only namespaced roles may change anything.
        ManifestSet
            .Render(s_everything)
            .Where(m => m.Kind is "ClusterRole")
            .SelectMany(m => m.Object["rules"]!.AsArray())
            .SelectMany(r => r!["verbs"]!.AsArray())
            .Select(v => (string)v!)
            .Distinct()
            .ShouldBeSubsetOf(["get", "list", "watch"]);
    }

    [Fact]
    public void Everything_is_labelled_as_the_labs_and_every_selector_finds_its_pods()
    {
        var manifests = ManifestSet.Render(s_everything);
        manifests.ShouldAllBe(m => (string?)m.Object["metadata"]!["labels"]![Ownership.Label] == Ownership.Name);
        var pods = manifests
            .Where(m => m.Kind == "Deployment")
            .ToLookup(m => m.Namespace, m => m.Object["spec"]!["template"]!["metadata"]!["labels"]!.AsObject());
        foreach (var service in manifests.Where(m => m.Kind == "Service"))
        {
            var selector = service.Object["spec"]!["selector"]!.AsObject();
            pods[service.Namespace]
                .ShouldContain(
                    labels => selector.All(s => (string?)labels[s.Key] == (string?)s.Value),
                    service.ToString()
                );
        }
        manifests.Select(m => m.Path).ShouldBeUnique();
    }
}
