using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Records;

/// <summary>
/// What became of one intended request. All times are offsets from the attack's epoch on a monotonic clock.
/// </summary>
/// <param name="Sequence">Number of the request, from 0 without gaps; the order in which requests were intended.</param>
/// <param name="IntendedStart">When the pacer wanted it to start.</param>
/// <param name="Start">When it really started (its connect, or its send on a kept-alive connection); for a request not sent, when that was decided.</param>
/// <param name="End">When the response was complete or the request was given up; of a response, when its last byte came where the engine has that from the kernel, else when it was read.</param>
/// <param name="SourcePort">Client port; 0 when no connection was tried or the kernel's choice was not asked for.</param>
/// <param name="Connection">Number of the connection within the attack, from 0; -1 when there was none.</param>
/// <param name="RequestOnConnection">Which request on that connection this was, from 0; always 0 with fresh connections.</param>
/// <param name="Outcome">The bucket it is counted in.</param>
/// <param name="Status">HTTP status, 100–999; 0 without a status line.</param>
/// <param name="Pod">Name of the pod that answered, as the responder rule recognised it; the same string instance for the same name. Null when unknown.</param>
/// <param name="Node">Name of the responding pod's node; null when unknown.</param>
/// <param name="BytesReceived">Bytes read from the socket for this request, headers included.</param>
/// <param name="Errno">Linux number of the error behind the outcome (see <see cref="CiliumDebugging.LoadTest.Attack.Engines.Native.Errno"/>), 0 when there was none.</param>
/// <param name="Fault">What was wrong with a malformed response.</param>
public readonly record struct RequestRecord(
    long Sequence,
    TimeSpan IntendedStart,
    TimeSpan Start,
    TimeSpan End,
    int SourcePort,
    long Connection,
    int RequestOnConnection,
    Outcome Outcome,
    int Status,
    string? Pod,
    string? Node,
    long BytesReceived,
    int Errno,
    ResponseFault Fault
)
{
    /// <summary>Latency as a user feels it: from the intended start, so a stalled generator cannot hide it (no coordinated omission).</summary>
    public TimeSpan Latency => End - IntendedStart;

    /// <summary>Time the request itself took: from its real start.</summary>
    public TimeSpan ServiceTime => End - Start;

    /// <summary>Time by which the generator was late; part of <see cref="Latency"/>. Zero or more.</summary>
    public TimeSpan Blocked => Start - IntendedStart;

    /// <summary>Symbolic errno, e.g. <c>ECONNREFUSED</c>; null without an error.</summary>
    public string? ErrnoName => Errno == 0 ? null : CiliumDebugging.LoadTest.Attack.Engines.Native.Errno.Name(Errno);

    /// <summary>The record of a request that was intended but not started.</summary>
    public static RequestRecord Unsent(long sequence, TimeSpan intendedStart, TimeSpan now, Outcome outcome) =>
        new(sequence, intendedStart, now, now, 0, -1, 0, outcome, 0, null, null, 0, 0, ResponseFault.None);
}
