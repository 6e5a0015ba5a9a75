using CiliumDebugging.Measurement.Status;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>How states look on a terminal: a mark and one of Spectre's colours.</summary>
internal static class StateLooks
{
    /// <summary>The mark and colour of a Pod.</summary>
    public static (string Mark, string Color) Of(RowState state) =>
        state switch
        {
            RowState.Silent => ("✗", "red"),
            RowState.Short => ("!", "yellow"),
            RowState.Undecided => ("○", "yellow"),
            _ => ("✓", "green"),
        };

    /// <summary>The mark and colour of a run.</summary>
    public static (string Mark, string Color) Of(RunStatus status) =>
        status.Kind switch
        {
            RunStatusKind.Failing => ("✗", "red"),
            RunStatusKind.Skewed => ("≠", "red"),
            RunStatusKind.Balanced or RunStatusKind.Recovered => ("✓", "green"),
            RunStatusKind.Undecided => ("○", "yellow"),
            _ => ("…", "yellow"),
        };

    /// <summary>Pods worst first.</summary>
    public static IOrderedEnumerable<PodStatus> WorstFirst(IEnumerable<PodStatus> pods) =>
        pods.OrderByDescending(p => p.State).ThenBy(p => p.Share ?? 0).ThenBy(p => p.Pod.Name, StringComparer.Ordinal);
}
