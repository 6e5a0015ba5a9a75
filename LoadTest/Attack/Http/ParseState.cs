namespace CiliumDebugging.LoadTest.Attack.Http;

/// <summary>Where a <see cref="ResponseParser"/> is after being fed.</summary>
public enum ParseState
{
    /// <summary>The response is not complete; feed more bytes or tell the end of the stream.</summary>
    NeedMore,

    /// <summary>The response is complete.</summary>
    Complete,

    /// <summary>Not an HTTP/1.1 response, or it exceeds a limit; see <see cref="ResponseParser.Fault"/>.</summary>
    Malformed,
}
