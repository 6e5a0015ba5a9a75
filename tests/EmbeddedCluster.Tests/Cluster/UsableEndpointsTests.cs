using CiliumDebugging.EmbeddedCluster.ControlPlane;
using CiliumDebugging.Releases;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

public class UsableEndpointsTests
{
    private static readonly V1EndpointConditions s_ready = Conditions(true, true, false),
        s_notReady = Conditions(false, false, false),
        s_serving = Conditions(false, true, true),
        s_gone = Conditions(false, false, true),
        s_old = Conditions(false, null, true);

    [Fact]
    public void Ready_endpoints_take_new_connections_alone_while_there_are_any() =>
        Usable("1.19.4", s_ready, s_notReady, s_serving, s_gone, null).ShouldBe([s_ready, null]);

    [Fact]
    public void Those_that_terminate_and_still_serve_do_when_there_is_no_other() =>
        Usable("1.19.4", s_notReady, s_serving, s_gone, s_old).ShouldBe([s_serving, s_old]);

    [Fact]
    public void One_that_is_not_ready_takes_none_also_alone() => Usable("1.19.4", s_notReady, s_gone).ShouldBeEmpty();

    [Fact]
    public void Releases_before_do_not_use_those_that_terminate() =>
        Usable("1.17.9", s_notReady, s_serving).ShouldBeEmpty();

    private static V1EndpointConditions Conditions(bool ready, bool? serving, bool terminating) =>
        new()
        {
            Ready = ready,
            Serving = serving,
            Terminating = terminating,
        };

    private static List<V1EndpointConditions?> Usable(string release, params V1EndpointConditions?[] all)
    {
        CiliumVersion.TryParse(release, out var version).ShouldBeTrue();
        return UsableEndpoints.Of([.. all], c => c, version);
    }
}
