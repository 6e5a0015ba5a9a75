using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

public class OriginalReportPolicyTests
{
    private readonly PolicyLab _lab = new(
        PolicyLab.Scenario("two-sided-l7/backend-policy.yaml"),
        PolicyLab.Scenario("two-sided-l7/load-test-policy.yaml")
    );

    private PolicyVerdict ToBackend(EndpointIdentity from, ushort port = 8080, L4Protocol protocol = L4Protocol.Tcp) =>
        _lab.Policies.Evaluate(TrafficDirection.Ingress, _lab.Backend, new Peer(from, 0), port, protocol);

    private PolicyVerdict FromLoadTest(EndpointIdentity to, ushort port = 8080, L4Protocol protocol = L4Protocol.Tcp) =>
        _lab.Policies.Evaluate(TrafficDirection.Egress, _lab.LoadTest, new Peer(to, 0), port, protocol);

    [Fact]
    public void A_connection_of_the_load_test_to_the_backend_is_redirected_on_both_sides()
    {
        FromLoadTest(_lab.Backend).IsRedirect.ShouldBeTrue();
        ToBackend(_lab.LoadTest).IsRedirect.ShouldBeTrue();
    }

    [Theory]
    [InlineData("GET", true)]
    [InlineData("HEAD", true)]
    [InlineData("POST", true)]
    [InlineData("PUT", false)]
    [InlineData("get", false)]
    [InlineData("POSTS", false)]
    public void Both_sides_allow_the_three_methods_and_no_other(string method, bool allowed)
    {
        FromLoadTest(_lab.Backend).Http!.Allows(method, "/echo", "backend-1.backend", null).ShouldBe(allowed);
        ToBackend(_lab.LoadTest).Http!.Allows(method, "/echo", "backend-1.backend", null).ShouldBe(allowed);
    }

    [Fact]
    public void The_backend_takes_requests_from_both_load_tests_and_from_monitoring_only()
    {
        ToBackend(_lab.Pod("load-test", ("app", "load-test-2"))).IsRedirect.ShouldBeTrue();
        ToBackend(_lab.Pod("cilium-monitoring", ("app", "prometheus"))).IsRedirect.ShouldBeTrue();
        ToBackend(_lab.Pod("load-test", ("app", "other"))).ShouldBe(PolicyVerdict.Drop(DropReason.PolicyDenied));
        ToBackend(_lab.Pod("default", ("app", "load-test-1"))).ShouldBe(PolicyVerdict.Drop(DropReason.PolicyDenied));
        ToBackend(_lab.LoadTest, 8081).ShouldBe(PolicyVerdict.Drop(DropReason.PolicyDenied));
        ToBackend(_lab.LoadTest, 8080, L4Protocol.Udp).ShouldBe(PolicyVerdict.Drop(DropReason.PolicyDenied));
    }

    [Fact]
    public void The_load_test_may_also_resolve_names_anywhere_over_any_protocol()
    {
        EndpointIdentity dns = _lab.Pod("kube-system", ("k8s-app", "kube-dns"));
        FromLoadTest(dns, 53, L4Protocol.Udp).ShouldBe(PolicyVerdict.Allow);
        FromLoadTest(dns, 53).ShouldBe(PolicyVerdict.Allow);
        FromLoadTest(_lab.Identities.World, 53, L4Protocol.Udp).ShouldBe(PolicyVerdict.Allow);
        FromLoadTest(_lab.Backend, 53).ShouldBe(PolicyVerdict.Allow);
        FromLoadTest(dns, 54, L4Protocol.Udp).IsDrop.ShouldBeTrue();
    }

    [Fact]
    public void The_second_pair_is_in_reach_of_the_first_load_test_and_has_no_policy_of_its_own()
    {
        EndpointIdentity backend2 = _lab.Pod("backend", ("app", "backend"), ("version", "v2"));
        EndpointIdentity loadTest2 = _lab.Pod("load-test", ("app", "load-test-2"));
        FromLoadTest(backend2).IsRedirect.ShouldBeTrue();
        _lab.Policies.Evaluate(TrafficDirection.Ingress, backend2, new Peer(loadTest2, 0), 8080, L4Protocol.Tcp)
            .ShouldBe(PolicyVerdict.Allow);
        _lab.Policies.Evaluate(TrafficDirection.Egress, loadTest2, new Peer(backend2, 0), 8080, L4Protocol.Tcp)
            .ShouldBe(PolicyVerdict.Allow);
    }

    [Fact]
    public void Replies_need_no_rule_because_only_the_selected_direction_is_in_default_deny()
    {
        _lab.Policies.IsDefaultDeny(TrafficDirection.Ingress, _lab.Backend).ShouldBeTrue();
        _lab.Policies.IsDefaultDeny(TrafficDirection.Egress, _lab.Backend).ShouldBeFalse();
        _lab.Policies.IsDefaultDeny(TrafficDirection.Egress, _lab.LoadTest).ShouldBeTrue();
        _lab.Policies.IsDefaultDeny(TrafficDirection.Ingress, _lab.LoadTest).ShouldBeFalse();
    }
}
