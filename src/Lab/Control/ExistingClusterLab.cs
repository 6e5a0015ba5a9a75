using System.Collections.Immutable;
using CiliumDebugging.Lab.Running.Existing;

namespace CiliumDebugging.Lab.Control;

/// <summary>A lab on an existing cluster.</summary>
public static class ExistingClusterLab
{
    /// <summary>The options with the settings left to the cluster and with runs that restore it.</summary>
    /// <param name="options">Options of the lab.</param>
    /// <param name="newRun">Makes each run.</param>
    public static LabControllerOptions OnExistingCluster(
        this LabControllerOptions options,
        Func<ExistingClusterRun> newRun
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        return options with
        {
            Settings = _ => ImmutableSortedDictionary<string, string>.Empty,
            Run = (order, listener, control, token) =>
                newRun().RunAsync(order.Scenario, listener, token, control, order.Manual),
        };
    }
}
