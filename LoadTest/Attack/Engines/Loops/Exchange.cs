using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines.Loops;

/// <summary>One request and its response in an event loop, with the connection that carries it; a slot that is reused,
/// so that a request allocates nothing.</summary>
internal abstract class Exchange(ResponseParser parser)
{
    private TracedRequest _request;

    public ResponseParser Parser { get; } = parser;

    /// <summary>The request's bytes, in an array that does not move; valid up to <see cref="RequestLength"/>.</summary>
    public byte[] RequestBytes => _request.Bytes;

    public int RequestLength => _request.Length;

    public long Sequence { get; private set; }

    public TimeSpan IntendedStart { get; private set; }

    public TimeSpan Start { get; private set; }

    /// <summary>Index of the target.</summary>
    public int Target { get; private set; }

    /// <summary>Number of the connection; -1 before there is one.</summary>
    public long Number { get; set; } = -1;

    public int SourcePort { get; set; }

    /// <summary>The port taken from the allocator; 0 when the kernel chose.</summary>
    public int BoundPort { get; set; }

    /// <summary>Requests that the connection carried before this one.</summary>
    public int Requests { get; set; }

    /// <summary>Errno of a failed send; the peer may have answered before it, so reading goes on.</summary>
    public int SendErrno { get; set; }

    // Requests in flight, oldest first: all have the same timeout, so this is the order of deadlines.
    public Exchange? Older { get; set; }

    public Exchange? Newer { get; set; }

    /// <summary>Begins the exchange of a request.</summary>
    public void Begin(AttackContext context, long sequence, TimeSpan intendedStart, TimeSpan now)
    {
        var plan = context.Plan;
        (Sequence, IntendedStart, Start) = (sequence, intendedStart, now);
        Target = plan.Targets.Count == 1 ? 0 : (int)(sequence % plan.Targets.Count);
        SendErrno = 0;
        Parser.Reset(plan.Targets[Target].Method == "HEAD");
        _request.Begin(context, Target, sequence, now);
    }

    /// <summary>Records what became of it, now.</summary>
    public void End(AttackContext context, Outcome outcome, int errno) =>
        End(context, context.Clock.Elapsed, outcome, errno);

    /// <summary>Records what became of it, and when.</summary>
    public void End(AttackContext context, TimeSpan end, Outcome outcome, int errno)
    {
        var record = new RequestRecord
        {
            Sequence = Sequence,
            IntendedStart = IntendedStart,
            Start = Start,
            End = end,
            SourcePort = SourcePort,
            Connection = Number,
            RequestOnConnection = Requests,
            Outcome = outcome,
            Status = Parser.Status,
            Pod = Parser.Pod,
            Node = Parser.Node,
            BytesReceived = Parser.BytesConsumed,
            Errno = errno,
            Fault = Parser.Fault,
        };
        _request.End(context, record);
        context.Recorder.Add(record);
    }

    /// <summary>Takes what was read; nothing when the peer has closed.</summary>
    /// <returns>True when that ends the exchange.</returns>
    public bool Ends(ReadOnlySpan<byte> read, out Outcome outcome, out int errno)
    {
        errno = 0;
        outcome = Outcome.ClosedEarly;
        switch (read.IsEmpty ? Parser.EndOfStream() : Parser.Feed(read, out _))
        {
            case ParseState.Complete:
                outcome = Outcome.Response;
                return true;
            case ParseState.Malformed:
                outcome = Outcome.Malformed;
                return true;
            case var _ when read.IsEmpty && SendErrno != 0:
                (outcome, errno) = (Errno.ConnectedOutcome(SendErrno), SendErrno);
                return true;
            default:
                return read.IsEmpty;
        }
    }
}
