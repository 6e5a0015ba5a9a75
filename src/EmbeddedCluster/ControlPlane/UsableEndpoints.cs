using CiliumDebugging.Releases;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>Which endpoints of a Service take new connections. Those that are established stay with theirs.</summary>
internal static class UsableEndpoints
{
    /// <summary>The ready endpoints; where there is none, those that terminate and still serve, if the release uses
    /// them.</summary>
    /// <param name="all">All endpoints of a Service.</param>
    /// <param name="conditions">An endpoint's conditions; those it lacks hold.</param>
    /// <param name="release">The agents' release.</param>
    public static List<T> Of<T>(List<T> all, Func<T, V1EndpointConditions?> conditions, CiliumVersion release)
    {
        var ready = all.FindAll(e => conditions(e)?.Ready is not false);
        return ready.Count > 0 || !ReleaseChanges.TerminatingBackendsServe.In(release)
            ? ready
            : all.FindAll(e => conditions(e) is { Serving: not false, Terminating: true });
    }
}
