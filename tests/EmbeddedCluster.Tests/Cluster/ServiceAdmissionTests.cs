using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Storage;
using CiliumDebugging.EmbeddedCluster.ControlPlane;
using CiliumDebugging.EmbeddedCluster.Network;
using CiliumDebugging.Releases;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>
/// A Service that no real API server would store is refused as one refuses it; what is stored has addresses and node
/// ports of its own.
/// </summary>
public sealed class ServiceAdmissionTests : IDisposable
{
    private readonly AddressBlocks _addresses = AddressBlocks.Claim();
    private readonly ObjectStore _store = new(TimeProvider.System);

    public ServiceAdmissionTests()
    {
        ClusterAdmission.Register(_store, _addresses, () => CiliumVersion.OriginalReport);
        Create("first", """{"selector":{"app":"a"},"ports":[{"port":8080}]}""").ShouldBeNull();
    }

    [Theory]
    [InlineData("""{"selector":{"app":"a"}}""", "spec.ports: Required value")]
    [InlineData("""{"ports":[{"port":80},{"port":81}]}""", "spec.ports[0].name: Required value")]
    [InlineData("""{"ports":[{"name":"a","port":80},{"name":"b","port":80}]}""", "spec.ports[1]: Duplicate value")]
    [InlineData(
        """{"ports":[{"name":"a","port":80},{"name":"a","port":81}]}""",
        "spec.ports[1].name: Duplicate value: \"a\""
    )]
    [InlineData("""{"ports":[{"port":80,"targetPort":70000}]}""", "spec.ports[0].targetPort: Invalid value: 70000")]
    [InlineData(
        """{"ports":[{"port":80,"protocol":"tcp"}]}""",
        "spec.ports[0].protocol: Unsupported value: \"tcp\": supported values: \"SCTP\", \"TCP\", \"UDP\""
    )]
    [InlineData(
        """{"ports":[{"port":80}],"sessionAffinity":"ClientIp"}""",
        "spec.sessionAffinity: Unsupported value: \"ClientIp\": supported values: \"ClientIP\", \"None\""
    )]
    [InlineData(
        """{"ports":[{"port":80}],"internalTrafficPolicy":"local"}""",
        "spec.internalTrafficPolicy: Unsupported value"
    )]
    [InlineData(
        """{"ports":[{"port":80}],"externalTrafficPolicy":"Local"}""",
        "spec.externalTrafficPolicy: Invalid value: \"Local\": ExternalTrafficPolicy can only be set on NodePort and "
            + "LoadBalancer service"
    )]
    [InlineData(
        """{"ports":[{"port":80}],"trafficDistribution":"PreferSameNode"}""",
        "spec.trafficDistribution: Unsupported value: \"PreferSameNode\": supported values: \"PreferClose\", "
            + "\"PreferSameZone\""
    )]
    [InlineData(
        """{"ports":[{"port":80}],"selector":{"a key":"b"}}""",
        "spec.selector: Invalid value: \"a key\": name part must consist of"
    )]
    [InlineData(
        """{"ports":[{"port":80}],"clusterIP":"10.96.0.20"}""",
        "spec.clusterIPs: Invalid value: [\"10.96.0.20\"]: failed to allocate IP 10.96.0.20: "
            + "the provided IP (10.96.0.20) is not in the valid range"
    )]
    [InlineData(
        """{"ports":[{"port":80,"nodePort":30080}]}""",
        "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"
    )]
    [InlineData(
        """{"type":"NodePort","ports":[{"port":80,"nodePort":80}]}""",
        "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range"
    )]
    [InlineData(
        """{"ports":[{"port":80}],"loadBalancerClass":"a.example/b"}""",
        "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"
    )]
    [InlineData(
        """{"type":"NodePort","ports":[{"port":80}],"allocateLoadBalancerNodePorts":false}""",
        "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'"
    )]
    [InlineData(
        """{"ports":[{"port":80}],"loadBalancerSourceRanges":["10.0.0.0/8"]}""",
        "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'"
    )]
    [InlineData(
        """{"type":"LoadBalancer","ports":[{"port":80}],"loadBalancerClass":""}""",
        "spec.loadBalancerClass: Invalid value: \"\": name part must be non-empty"
    )]
    [InlineData(
        """{"type":"NodePort","ports":[{"port":80}],"externalTrafficPolicy":"Local","healthCheckNodePort":30001}""",
        "spec.healthCheckNodePort: Invalid value: 30001"
    )]
    [InlineData(
        """{"ports":[{"port":80}],"externalIPs":["198.51.100.1","127.0.0.1"]}""",
        "spec.externalIPs[1]: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, ::1/128)"
    )]
    [InlineData("""{"ports":[{"port":80}],"externalIPs":["0.0.0.0"]}""", "may not be unspecified (0.0.0.0)")]
    [InlineData("""{"ports":[{"port":80}],"externalIPs":["169.254.1.1"]}""", "may not be in the link-local range")]
    [InlineData("""{"ports":[{"port":80}],"externalIPs":["fe80::1"]}""", "may not be in the link-local range")]
    [InlineData("""{"ports":[{"port":80}],"externalIPs":["224.0.0.1"]}""", "may not be in the link-local multicast")]
    [InlineData("""{"ports":[{"port":80}],"externalIPs":["1"]}""", "\"1\": must be a valid IP address")]
    [InlineData("""{"ports":[{"port":80}],"externalIPs":["010.0.0.1"]}""", "must be a valid IP address")]
    [InlineData("""{"type":"ExternalName"}""", "spec.externalName: Required value")]
    [InlineData(
        """{"ports":[{"port":80}],"ipFamilyPolicy":"RequireDualStack"}""",
        "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured for dual-stack services"
    )]
    public void It_is_refused_with_what_is_wrong(string spec, string problem) =>
        Create("wrong", spec).ShouldNotBeNull().ShouldContain(problem);

    [Theory]
    [InlineData("""{"clusterIP":"None","selector":{"app":"a"}}""", "None")]
    [InlineData("""{"type":"ExternalName","externalName":"example.com"}""", "")]
    public void Headless_and_external_services_need_no_ports_and_get_no_address(string spec, string address)
    {
        Create("other", spec).ShouldBeNull();
        Spec("other").TextAt("clusterIP").ShouldBe(address);
    }

    [Fact]
    public void No_two_services_share_an_address_or_a_node_port()
    {
        var taken = Spec("first").TextAt("clusterIP");
        Create("copy", $$"""{"clusterIP":"{{taken}}","ports":[{"port":8080}]}""")
            .ShouldNotBeNull()
            .ShouldContain("provided IP is already allocated");
        Create(
                "ports",
                """
                {"type":"NodePort","ports":[{"name":"a","port":53,"protocol":"UDP","nodePort":30053},
                {"name":"b","port":53,"protocol":"TCP","nodePort":30053}]}
                """
            )
            .ShouldBeNull();
        Create("again", """{"type":"NodePort","ports":[{"port":80,"nodePort":30053}]}""")
            .ShouldNotBeNull()
            .ShouldContain("30053: provided port is already allocated");

        // An address that somebody chose is never given to another.
        var next = taken[..taken.LastIndexOf('.')] + ".4";
        Create("chosen", $$"""{"clusterIP":"{{next}}","ports":[{"port":80}]}""").ShouldBeNull();
        foreach (var name in (string[])["x", "y", "z"])
            Create(name, """{"ports":[{"port":80}]}""").ShouldBeNull();
        var all = _store.List(ResourceKinds.Services).Select(s => s.View.TextAt("spec.clusterIP")).ToList();
        all.Distinct().Count().ShouldBe(all.Count);
    }

    [Fact]
    public void A_change_of_type_takes_the_fields_of_the_old_one_along_and_the_address_stays()
    {
        var address = Spec("first").TextAt("clusterIP");
        Change("""{"type":"NodePort"}""").ShouldBeNull();
        (
            Spec("first").TextAt("externalTrafficPolicy"),
            Spec("first").Objects("ports").Single().NumberAt("nodePort")
        ).ShouldBe(("Cluster", 30000));
        Change("""{"type":"ClusterIP"}""").ShouldBeNull();
        (
            Spec("first").TextAt("externalTrafficPolicy"),
            Spec("first").Objects("ports").Single().NumberAt("nodePort")
        ).ShouldBe(("", null));
        Change("""{"clusterIP":null}""").ShouldBeNull();
        Spec("first").TextAt("clusterIP").ShouldBe(address);
        Change($$"""{"clusterIP":"{{address[..address.LastIndexOf('.')]}}.77"}""")
            .ShouldNotBeNull()
            .ShouldContain("may not change once set");
        Change("""{"type":"ExternalName","externalName":"example.com"}""").ShouldBeNull();
        Spec("first").TextAt("clusterIP").ShouldBe("");
    }

    [Fact]
    public void Without_session_affinity_its_time_is_forgotten()
    {
        Change("""{"sessionAffinity":"ClientIP"}""").ShouldBeNull();
        Spec("first").NumberAt("sessionAffinityConfig.clientIP.timeoutSeconds").ShouldBe(10_800);
        Change("""{"sessionAffinity":"None"}""").ShouldBeNull();
        Spec("first")["sessionAffinityConfig"].ShouldBeNull();
    }

    [Fact]
    public void A_load_balancer_keeps_its_class_and_a_change_of_type_forgets_it()
    {
        Change("""{"type":"LoadBalancer","loadBalancerClass":"a.example/b","externalIPs":["198.51.100.1"]}""")
            .ShouldBeNull();
        Change("""{"loadBalancerClass":"a.example/c"}""")
            .ShouldNotBeNull()
            .ShouldContain("spec.loadBalancerClass: Invalid value: \"a.example/c\": may not change once set");
        Change("""{"type":"ClusterIP"}""").ShouldBeNull();
        (Spec("first")["loadBalancerClass"], Spec("first")["allocateLoadBalancerNodePorts"]).ShouldBe((null, null));
    }

    [Fact]
    public void A_load_balancer_that_wants_no_node_ports_gets_none()
    {
        Create("direct", """{"type":"LoadBalancer","allocateLoadBalancerNodePorts":false,"ports":[{"port":80}]}""")
            .ShouldBeNull();
        Spec("direct").Objects("ports").Single().NumberAt("nodePort").ShouldBeNull();
    }

    private JsonObject Spec(string name) =>
        _store.Get(ResourceKinds.Services, "default", name).OrThrow().View.Object("spec")!;

    private string? Create(string name, string spec) =>
        _store
            .Create(
                ResourceKinds.Services,
                "default",
                JsonNode.Parse($$$"""{"metadata":{"name":"{{{name}}}"},"spec":{{{spec}}}}""")!.AsObject()
            )
            .Failure?.Message;

    /// <summary>Changes the first Service's spec by a merge patch of its members.</summary>
    private string? Change(string members) =>
        _store
            .Change(ResourceKinds.Services, "default", "first", old =>
            {
                var o = old.Copy();
                foreach (var (key, value) in JsonNode.Parse(members)!.AsObject())
                    o["spec"]![key] = value?.DeepClone();
                return o;
            })
            .Failure?.Message;

    public void Dispose() => _addresses.Dispose();
}
