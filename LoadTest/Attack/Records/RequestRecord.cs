using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Records;

/// <summary>What became of one intended request. All times are offsets from the attack's epoch on a monotonic
/// clock.</summary>
public readonly record struct RequestRecord
{
    /// <summary>Number of the request, from 0 without gaps; the order in which requests were intended.</summary>
    public required long Sequence { get; init; }

    /// <summary>When the pacer wanted it to start.</summary>
    public TimeSpan IntendedStart { get; init; }

    /// <summary>When it really started (its connect, or its send on a kept-alive connection). For a request not sent:
    /// when that was decided.</summary>
    public TimeSpan Start { get; init; }

    /// <summary>When the response was complete or the request was given up. A response is complete when its last byte
    /// arrived, where the engine has that time from the kernel; else when it was read.</summary>
    public TimeSpan End { get; init; }

    /// <summary>Client port; 0 when no connection was tried or the engine did not look up the kernel's
    /// choice.</summary>
    public int SourcePort { get; init; }

    /// <summary>Number of the connection within the attack, from 0; -1 when there was none.</summary>
    public required long Connection { get; init; }

    /// <summary>Which request on that connection this was, from 0; always 0 with fresh connections. With HTTP/2, where
    /// several are under way at a time, in the order in which they ended.</summary>
    public int RequestOnConnection { get; init; }

    /// <summary>The bucket it is counted in.</summary>
    public required Outcome Outcome { get; init; }

    /// <summary>HTTP status, 100–999; 0 without a status line.</summary>
    public int Status { get; init; }

    /// <summary>Name of the pod that answered, as the responder rule recognised it; the same string instance for the
    /// same name. Null when unknown.</summary>
    public string? Pod { get; init; }

    /// <summary>Name of the responding pod's node; null when unknown.</summary>
    public string? Node { get; init; }

    /// <summary>Bytes read from the socket for this request, headers included.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Linux number of the error behind the outcome, 0 when there was none.</summary>
    public int Errno { get; init; }

    /// <summary>What was wrong with a malformed response.</summary>
    public ResponseFault Fault { get; init; }

    /// <summary>Latency as a user feels it: from the intended start, so a stalled generator cannot hide it (no
    /// coordinated omission).</summary>
    public TimeSpan Latency => End - IntendedStart;

    /// <summary>Time the request itself took: from its real start.</summary>
    public TimeSpan ServiceTime => End - Start;

    /// <summary>Time by which the generator was late; part of <see cref="Latency"/>. Zero or more.</summary>
    public TimeSpan Blocked => Start - IntendedStart;

    /// <summary>Symbolic errno, e.g. <c>ECONNREFUSED</c>; null without an error.</summary>
    public string? ErrnoName => Errno == 0 ? null : Engines.Native.Errno.Name(Errno);

    /// <summary>
    /// An answer that came after the timeout is none, whether or not the engine could notice the time in between: a
    /// generator that stalls would count it as a success.
    /// </summary>
    public RequestRecord Within(TimeSpan timeout) =>
        Outcome is Outcome.Response && ServiceTime > timeout
            ? this with
            {
                Outcome = Outcome.NoAnswer,
                Status = 0,
                Pod = null,
                Node = null,
            }
            : this;

    private bool HasNoConnection =>
        Outcome.IsNotSent()
        || Outcome
            is Outcome.PortsExhausted
                or Outcome.ConnectTimeout
                or Outcome.ConnectRefused
                or Outcome.ConnectError;

    /// <summary>Why no request can have this record, with the field as files name it; null when one can.</summary>
    public string? Problem() =>
        Sequence < 0 ? $"sequence {Sequence} is negative"
        : End < Start ? $"end_us {End.TotalMicroseconds:0.#} is before start_us {Start.TotalMicroseconds:0.#}"
        : SourcePort is < 0 or > 65535 ? $"source_port {SourcePort} is not from 0 to 65535"
        : Connection < -1 ? $"connection {Connection} is below -1"
        : RequestOnConnection < 0 ? $"request_on_connection {RequestOnConnection} is negative"
        : Status is < 0 or > 999 || (Status < 100 && Outcome is Outcome.Response)
            ? $"status {Status} is not from 100 to 999"
        : HasNoConnection && (Status, Pod, BytesReceived) is not (0, null, 0)
            ? $"outcome {Outcome} has no connection, and there is a status, a pod or bytes"
        : BytesReceived < 0 ? $"bytes {BytesReceived} is negative"
        : Errno < 0 ? $"errno {Errno} is negative"
        : null;

    /// <summary>The record of a request that was intended but not started.</summary>
    public static RequestRecord Unsent(long sequence, TimeSpan intendedStart, TimeSpan now, Outcome outcome) =>
        new()
        {
            Sequence = sequence,
            IntendedStart = intendedStart,
            Start = now,
            End = now,
            Connection = -1,
            Outcome = outcome,
        };
}
