using System.Text.RegularExpressions;
using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>Texts of errors that Go's net and net/http packages write.</summary>
internal static partial class GoError
{
    // What they write, and the error number that it means.
    private static readonly (string Text, int Errno)[] s_errors =
    [
        ("connection refused", Errno.Econnrefused),
        ("connection reset by peer", Errno.Econnreset),
        ("broken pipe", Errno.Epipe),
        ("cannot assign requested address", Errno.Eaddrnotavail),
        ("too many open files", Errno.Emfile),
        ("no route to host", Errno.Ehostunreach),
        ("network is unreachable", Errno.Enetunreach),
    ];

    /// <summary>The bucket and error number that an error means.</summary>
    /// <param name="error">The text of an error of net/http's Client; empty when there is none.</param>
    public static (Outcome Outcome, int Errno) OutcomeOf(string error)
    {
        var cause = Given().Replace(Request().Replace(error, ""), "");
        bool Says(string text) => cause.Contains(text, StringComparison.Ordinal);
        var isConnecting = Says("dial ");
        if (Array.Find(s_errors, known => Says(known.Text)) is { Text: not null, Errno: var errno })
            return (isConnecting ? Errno.ConnectOutcome(errno) : Errno.ConnectedOutcome(errno), errno);
        if (Says("tls: ") || Says("x509: "))
            return (Outcome.ConnectError, 0);
        if (Says("timeout") || Says("Timeout") || Says("deadline exceeded"))
            return (isConnecting ? Outcome.ConnectTimeout : Outcome.NoAnswer, 0);
        return (
            isConnecting ? Outcome.ConnectError
            : Says("malformed") ? Outcome.Malformed
            : Outcome.ClosedEarly,
            0
        );
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
