using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>Values of policies: numbers as kubectl reads them, and what the schema and Cilium say of texts and
/// keys.</summary>
public class ManifestValueTests
{
    [Theory]
    [InlineData("80", "80")]
    [InlineData("0120", "80")]
    [InlineData("0o120", "80")]
    [InlineData("0x50", "80")]
    [InlineData("0b1010000", "80")]
    [InlineData("8_0", "80")]
    [InlineData("+80", "80")]
    [InlineData("80.0", "80")]
    [InlineData("80.", "80")]
    [InlineData("8e1", "80")]
    [InlineData("1_000", "1000")]
    [InlineData("08", "8")]
    [InlineData("-0x10", "-16")]
    [InlineData("!!int '0120'", "80")]
    [InlineData("!!float 80", "80")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("80.5", "80.5")]
    [InlineData("'0120'", "\"0120\"")]
    [InlineData("0x", "\"0x\"")]
    [InlineData("0o8", "\"0o8\"")]
    [InlineData("_1", "\"_1\"")]
    [InlineData("1.2.3", "\"1.2.3\"")]
    [InlineData("2026-01-01", "\"2026-01-01\"")]
    public void Numbers_are_those_that_kubectl_sends(string yaml, string json) =>
        YamlManifest.Read($"a: {yaml}")[0].ToJson()!["a"]!.ToJsonString().ShouldBe(json);

    [Theory]
    [InlineData("0120", 80)]
    [InlineData("0x50", 80)]
    [InlineData("8_0", 80)]
    [InlineData("8e1", 80)]
    [InlineData("80.0", 80)]
    public void The_port_of_a_network_policy_is_such_a_number(string yaml, ushort port)
    {
        var lab = new PolicyLab(PolicyLab.Kubernetes($"  ingress: [{{ports: [{{port: {yaml}}}]}}]"));
        lab.Ingress(lab.LoadTest, port).IsDrop.ShouldBeFalse();
        lab.Ingress(lab.LoadTest, 120).IsDrop.ShouldBeTrue();
    }

    [Theory]
    [InlineData("{key: a, value: 1}", "labels[0].value")]
    [InlineData("{key: 1}", "labels[0].key")]
    [InlineData("{key: a, source: true}", "labels[0].source")]
    [InlineData("{key: a, value: b, source: k8s}", null)]
    public void The_labels_of_a_spec_are_texts(string label, string? problem)
    {
        PolicyReadResult read = Read($"  ingress: [{{}}]\n  labels: [{label}]");
        if (problem is null)
            read.Problems.ShouldBeEmpty();
        else
            read.Problems.ShouldHaveSingleItem().Field.ShouldEndWith(problem);
    }

    [Theory]
    [InlineData("12345678901234567890123456789012", true)]
    [InlineData("123456789012345678901234567890123", false)]
    [InlineData("😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀", true)]
    [InlineData("a\\u0007", false)]
    [InlineData("a\\u200B", false)]
    [InlineData("a\\u00AD", false)]
    [InlineData("a\\uE000", false)]
    public void The_log_has_up_to_32_printable_characters(string value, bool isAccepted) =>
        Read($"  ingress: [{{}}]\n  log: {{value: \"{value}\"}}").IsValid.ShouldBe(isAccepted);

    [Theory]
    [InlineData("a", true)]
    [InlineData("x.example/a", true)]
    [InlineData("k8s:a", false)]
    [InlineData("any:a", false)]
    [InlineData("reserved:a", false)]
    [InlineData("cidrgroup:a", false)]
    [InlineData("$a", false)]
    [InlineData("a=b", false)]
    public void The_keys_that_select_groups_have_no_source(string key, bool isAccepted)
    {
        Read($"  ingress: [{{fromCIDRSet: [{{cidrGroupSelector: {{matchLabels: {{'{key}': ''}}}}}}]}}]")
            .IsValid.ShouldBe(isAccepted);
        Read(
            "  egress: [{toCIDRSet: [{cidrGroupSelector: "
                + $"{{matchExpressions: [{{key: '{key}', operator: Exists}}]}}}}]}}]"
        )
            .IsValid.ShouldBe(isAccepted);
    }

    [Theory]
    [InlineData("app", true)]
    [InlineData("k8s:app", true)]
    [InlineData("any:app", true)]
    [InlineData("other:app", true)]
    [InlineData("k8s:version", false)]
    public void The_source_of_a_key_that_selects_services_is_not_looked_at(string key, bool selects)
    {
        var lab = new PolicyLab();
        PolicyReadResult read = Read(
            $"  egress: [{{toServices: [{{k8sServiceSelector: {{selector: {{matchLabels: {{'{key}': web}}}}}}}}]}}]"
        );
        read.Problems.ShouldBeEmpty();
        EndpointIdentity web = lab.Pod("shop", ("app", "web"));
        KeyValuePair<string, string>[] labels = [KeyValuePair.Create("app", "web")];
        var services = new PolicyReferences([], [new ReferencedService("shop", "web", labels, labels, [])]);
        PolicySet
            .Create(read.Policies, lab.Identities, references: services)
            .Evaluate(TrafficDirection.Egress, lab.Backend, new Peer(web, 0), 80, L4Protocol.Tcp)
            .IsDrop.ShouldBe(!selects);
    }

    /// <summary>It matches labels of any source, but Cilium looks for a namespace under <c>k8s</c> and
    /// <c>any</c>.</summary>
    [Theory]
    [InlineData("any", true)]
    [InlineData("unspec", false)]
    public void A_namespace_of_unspecified_source_stays_beside_the_policys_own(string source, bool allows)
    {
        var lab = new PolicyLab(
            PolicyLab.Backends(
                $"  ingress: [{{fromEndpoints: [{{matchLabels: {{'{source}:io.kubernetes.pod.namespace': load-test}}}}]}}]"
            )
        );
        lab.Ingress(lab.LoadTest).IsDrop.ShouldBe(!allows);
        var matching = new PolicyLab(
            PolicyLab.Backends($"  ingress: [{{fromEndpoints: [{{matchLabels: {{'{source}:app': friend}}}}]}}]")
        );
        matching.Ingress(matching.Pod("backend", ("app", "friend"))).IsDrop.ShouldBeFalse();
    }

    private static PolicyReadResult Read(string rules) => PolicyReader.ReadYaml(PolicyLab.Backends(rules), "f");
}
