using CiliumDebugging.ServiceDefaults.Pods;

namespace CiliumDebugging.Backend;

/// <summary>Says on every answer which Pod gave it.</summary>
public static class PodHeaders
{
    /// <summary>Header with the name of the Pod that answered.</summary>
    public const string Pod = "X-Pod";

    /// <summary>Header with the name of the node of the Pod that answered.</summary>
    public const string Node = "X-Node";

    /// <summary>Adds <see cref="Pod"/> and <see cref="Node"/> to every answer.</summary>
    public static void UsePodHeaders(this WebApplication app, PodIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(app);
        ArgumentNullException.ThrowIfNull(identity);
        app.Use(
            (context, next) =>
            {
                context.Response.Headers[Pod] = identity.Name;
                context.Response.Headers[Node] = identity.NodeName;
                return next(context);
            }
        );
    }
}
