using System.Text.RegularExpressions;
using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>
/// Texts of errors that Go's net, net/http (with HTTP/2) and syscall packages write. Their sources have them:
/// https://github.com/golang/go/tree/master/src/net/http, https://github.com/golang/net/tree/master/http2.
/// </summary>
internal static partial class GoError
{
    // What syscall calls Linux's error numbers. The first that fits counts.
    private static readonly (string Text, int Errno)[] s_errors =
    [
        ("connection refused", Errno.Econnrefused),
        ("connection reset by peer", Errno.Econnreset),
        ("connection timed out", Errno.Etimedout),
        ("software caused connection abort", Errno.Econnaborted),
        ("transport endpoint is not connected", Errno.Enotconn),
        ("broken pipe", Errno.Epipe),
        ("cannot assign requested address", Errno.Eaddrnotavail),
        ("address already in use", Errno.Eaddrinuse),
        ("too many open files in system", Errno.Enfile),
        ("too many open files", Errno.Emfile),
        ("no route to host", Errno.Ehostunreach),
        ("host is down", Errno.Ehostdown),
        ("network is unreachable", Errno.Enetunreach),
        ("network is down", Errno.Enetdown),
        ("no buffer space available", Errno.Enobufs),
        ("cannot allocate memory", Errno.Enomem),
        ("operation not permitted", Errno.Eperm),
        ("permission denied", Errno.Eacces),
    ];

    // Buckets and what is written of them, before a timeout is looked for. The first that fits counts.
    private static readonly (Outcome Outcome, string[] Texts)[] s_certain =
    [
        // RST_STREAM and GOAWAY of the peer; what the client itself rejects is below.
        (Outcome.Reset, ["received from peer", "GOAWAY"]),
        (
            Outcome.Malformed,
            ["; PROTOCOL_ERROR", "; FLOW_CONTROL_ERROR", "; FRAME_SIZE_ERROR", "; COMPRESSION_ERROR", "; STREAM_CLOSED"]
        ),
        (Outcome.Reset, ["stream error: "]),
        (Outcome.ConnectError, ["tls: ", "x509: ", "gave HTTP response to HTTPS client"]),
        (Outcome.ConnectTimeout, ["TLS handshake timeout", "request canceled while waiting for connection"]),
        (Outcome.NoAnswer, ["http2: client connection lost"]),
    ];

    private static readonly (Outcome Outcome, string[] Texts)[] s_others =
    [
        (
            Outcome.Malformed,
            [
                "malformed",
                "Content-Length",
                "transfer encoding",
                "chunk length",
                "line too long",
                "bad trailer key",
                "headers exceeded",
                "header list",
                "1xx informational",
                "connection error: ",
                "frame too large",
                "frame payload",
                "pseudo header",
                "invalid header field",
                "gzip: invalid",
            ]
        ),
        (Outcome.Canceled, ["context canceled", "operation was canceled", "request canceled"]),
        (Outcome.ClosedEarly, ["EOF", "server closed idle connection"]),
    ];

    /// <summary>The bucket and error number that an error means; a text that does not say how the request ended is
    /// <see cref="Outcome.Unknown"/>.</summary>
    /// <param name="error">The text of an error of net/http's Client; empty when there is none.</param>
    public static (Outcome Outcome, int Errno) OutcomeOf(string error)
    {
        var cause = Given().Replace(Request().Replace(error, ""), "");
        bool Says(string text) => cause.Contains(text, StringComparison.Ordinal);
        Outcome? Of((Outcome Outcome, string[] Texts)[] known) =>
            Array.Find(known, k => Array.Exists(k.Texts, Says)) is { Texts: not null, Outcome: var outcome }
                ? outcome
                : null;
        var isConnecting = Says("dial ");
        if (Array.Find(s_errors, known => Says(known.Text)) is { Text: not null, Errno: var errno })
            return (isConnecting ? Errno.ConnectOutcome(errno) : Errno.ConnectedOutcome(errno), errno);
        if (Of(s_certain) is { } certain)
            return (certain, 0);
        if (Says("timeout") || Says("Timeout") || Says("deadline exceeded"))
            return (isConnecting ? Outcome.ConnectTimeout : Outcome.NoAnswer, 0);
        return (isConnecting ? Outcome.ConnectError : Of(s_others) ?? Outcome.Unknown, 0);
    }

    /// <summary>What url.Error puts before its cause: the method and the URL, which has no quotation marks before Go
    /// 1.14.</summary>
    [GeneratedRegex("""^\S+ (?:"(?:[^"\\]|\\.)*"|https?://\S+): """, RegexOptions.CultureInvariant)]
    private static partial Regex Request();

    /// <summary>What a client or a server gave: what is quoted, what follows "malformed", a name that was looked
    /// up.</summary>
    [GeneratedRegex(
        """
            "(?:[^"\\]|\\.)*"|(?<=malformed\b).*|(?<=\blookup )\S+
            """,
        RegexOptions.CultureInvariant | RegexOptions.Singleline
    )]
    private static partial Regex Given();
}
