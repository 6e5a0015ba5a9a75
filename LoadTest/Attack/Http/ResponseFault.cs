using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Http;

/// <summary>Why a response was rejected as <see cref="Outcome.Malformed"/>.</summary>
public enum ResponseFault
{
    /// <summary>Nothing wrong; or malformed, and the engine does not say how.</summary>
    None,

    /// <summary>The first line is not <c>HTTP/1.x status</c>, or it switches protocols unrequested.</summary>
    StatusLine,

    /// <summary>A header line without a name or with an illegal form.</summary>
    Header,

    /// <summary>Status line and headers (interim responses and trailers included) exceed the limit.</summary>
    HeadersTooLarge,

    /// <summary>Content-Length is not a number or is given twice with different values.</summary>
    ContentLength,

    /// <summary>A transfer coding other than chunked.</summary>
    TransferEncoding,

    /// <summary>A chunk without a valid size or end.</summary>
    Chunk,

    /// <summary>The body exceeds the limit up to which it is read.</summary>
    BodyTooLarge,
}

/// <summary>Faults in words.</summary>
public static class ResponseFaults
{
    /// <summary>Number of distinct faults.</summary>
    public const int Count = (int)ResponseFault.BodyTooLarge + 1;

    /// <summary>The part of the response that is wrong.</summary>
    public static string Describe(this ResponseFault fault) =>
        fault switch
        {
            ResponseFault.StatusLine => "status line",
            ResponseFault.Header => "header",
            ResponseFault.HeadersTooLarge => "headers too large",
            ResponseFault.ContentLength => "Content-Length",
            ResponseFault.TransferEncoding => "Transfer-Encoding",
            ResponseFault.Chunk => "chunk",
            ResponseFault.BodyTooLarge => "body too large",
            _ => "unknown",
        };
}
