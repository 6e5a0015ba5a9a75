namespace CiliumDebugging.LoadTest.Contract;

/// <summary>The one bucket in which an intended request ends.</summary>
public enum Outcome
{
    /// <summary>A complete, well-formed HTTP response arrived; see its status.</summary>
    Response,

    /// <summary>Not sent: the limit of requests in flight was reached when it was due.</summary>
    NotSent,

    /// <summary>Not sent: the generator was so far behind that it gave up after the attack's end.</summary>
    Overdue,

    /// <summary>No free client port: every draw was in use or still in TIME_WAIT for this destination.</summary>
    PortsExhausted,

    /// <summary>The connection was not established within the timeout.</summary>
    ConnectTimeout,

    /// <summary>The connection was refused (RST in answer to the SYN).</summary>
    ConnectRefused,

    /// <summary>The connection failed for another reason, named by the errno (EHOSTUNREACH, EMFILE, …).</summary>
    ConnectError,

    /// <summary>The request was sent but no complete answer came within the timeout. A dropped connection shows like
    /// this on loopback.</summary>
    NoAnswer,

    /// <summary>The peer reset the connection after it was established, or with HTTP/2 gave up the request's stream or
    /// the connection (RST_STREAM, GOAWAY).</summary>
    Reset,

    /// <summary>The peer closed the connection before the response was complete.</summary>
    ClosedEarly,

    /// <summary>What arrived is not a response of the request's HTTP version or exceeds a limit.</summary>
    Malformed,

    /// <summary>The attack was stopped at once while the request was in flight.</summary>
    Canceled,

    /// <summary>How it ended is not known: the results of another program name an error that does not say.</summary>
    Unknown,
}

/// <summary>Groups of outcomes that the accounting equations are written in.</summary>
public static class Outcomes
{
    /// <summary>Number of distinct outcomes.</summary>
    public const int Count = (int)Outcome.Unknown + 1;

    /// <summary>True for requests that were intended but never started.</summary>
    public static bool IsNotSent(this Outcome outcome) => outcome is Outcome.NotSent or Outcome.Overdue;

    /// <summary>True for requests without any answer until a timeout: the client's view of a silent drop, whether the
    /// network (connect timeout) or a datapath behind an accepted connection (no answer) dropped it.</summary>
    public static bool IsDropped(this Outcome outcome) => outcome is Outcome.ConnectTimeout or Outcome.NoAnswer;
}
