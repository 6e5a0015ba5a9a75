using CiliumDebugging.Statistics;
using static System.FormattableString;

namespace CiliumDebugging.Measurement.Runs;

/// <summary>
/// Whether the machine of the lab kept up with a phase. Where it did not, counts are right, and what they show may be
/// the machine: a connection that waits for a processor longer than a proxy waits for a connection is a 503, as one
/// that a policy loses. Nothing is concluded from such a phase.
/// </summary>
public sealed class MachineGate
{
    /// <summary>A load generator of which a tenth of the requests begins this late does not send the load.</summary>
    private static readonly TimeSpan s_late = TimeSpan.FromSeconds(1);

    /// <summary>
    /// On the embedded cluster an answer takes milliseconds: where half of them take this long, they wait in the lab.
    /// </summary>
    private static readonly TimeSpan s_queued = TimeSpan.FromSeconds(1);

    /// <summary>
    /// An answer that takes this long waited nearly as long as a proxy does for a connection, 1 s (Envoy's connect
    /// timeout as Cilium sets it): others may have waited longer, and be failures of the lab.
    /// </summary>
    private static readonly TimeSpan s_slow = TimeSpan.FromMilliseconds(750);

    /// <summary>Part of the answers that may be slow, and of the requests that the client itself may lack something
    /// for, without a remark.</summary>
    private const double Few = 0.01;

    /// <summary>Failures that are this many times as frequent as slow answers have another cause.</summary>
    private const double FailuresPerSlow = 5;

    /// <summary>A phase may always last this much longer than it should, and this many times as long.</summary>
    private static readonly TimeSpan s_overrun = TimeSpan.FromSeconds(10);
    private const int MaxStretch = 3;

    private readonly Latencies _late = new(),
        _served = new();
    private long _slow,
        _ownFailures;

    /// <summary>
    /// Whether cluster and load are processes of one machine: answers wait for its processors, and nothing else.
    /// </summary>
    public bool IsWholeCluster { get; init; }

    /// <summary>How long the phase should last; null: as long as it does.</summary>
    public TimeSpan? Planned { get; set; }

    /// <summary>How long it lasted until its end was noticed.</summary>
    public TimeSpan Lasted { get; set; }

    /// <summary>Adds a request.</summary>
    /// <param name="late">From its intended start to its start.</param>
    /// <param name="took">From its start to its end.</param>
    /// <param name="ok">Whether it succeeded.</param>
    public void Add(TimeSpan late, TimeSpan took, bool ok)
    {
        _late.Add(late);
        if (!ok)
            return;
        _served.Add(took);
        if (took >= s_slow)
            _slow++;
    }

    /// <summary>Adds a request for which the client had no port, file or memory.</summary>
    public void AddOwnFailure() => _ownFailures++;

    /// <summary>Why nothing can be concluded, with the numbers; null: the machine kept up.</summary>
    /// <param name="phase">Name of the phase.</param>
    /// <param name="failures">Its failed requests.</param>
    public string? Describe(string phase, long failures)
    {
        List<string> found = [];
        if (_ownFailures > Few * (_late.Count + _ownFailures))
            found.Add($"the load generator had no free port, file (ulimit -n) or memory for {_ownFailures} requests");
        if (_late.Quantile(0.9) is var late && late >= s_late)
            found.Add(Invariant($"a tenth of the requests was sent {late.TotalSeconds:0.0} s late or more"));
        if (IsWholeCluster && Planned is { } planned && Lasted >= planned * MaxStretch && Lasted >= planned + s_overrun)
            found.Add(
                Invariant($"phase {phase} lasted {Lasted.TotalSeconds:0.0} s instead of {planned.TotalSeconds:0.#} s")
            );
        if (IsWholeCluster && _served.Quantile(0.5) is var median && median >= s_queued)
            found.Add(Invariant($"answers took {median.TotalSeconds:0.0} s in the median"));
        else if (IsWholeCluster && MayExplain(failures))
            found.Add(
                Invariant(
                    $"beside {failures} failures {_slow} answers took {s_slow.TotalSeconds:0.##} s or more, nearly as long "
                ) + "as a proxy waits for a connection"
            );
        return found.Count == 0 ? null : $"this machine cannot keep up ({string.Join("; ", found)})";
    }

    /// <summary>Whether what made answers slow may have made the failures, too.</summary>
    private bool MayExplain(long failures) =>
        failures > 0
        && _slow > 0
        && _slow >= Few * _served.Count
        && failures * (double)_served.Count <= FailuresPerSlow * _slow * (failures + _served.Count);
}
