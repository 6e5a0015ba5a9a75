using System.Globalization;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Telemetry;

/// <summary>Names and values of attributes that spans and metrics share (OpenTelemetry semantic conventions for HTTP,
/// and the lab's own for the responder).</summary>
internal static class TelemetryNames
{
    /// <summary>Pod and node that answered, as the responder rule recognised them.</summary>
    public const string ResponderPod = "loadtest.responder.pod",
        ResponderNode = "loadtest.responder.node";

    private const int MaxStatus = 1000;

    private static readonly string?[] s_statusTexts = new string?[MaxStatus];

    /// <summary>The value of <c>error.type</c>; null for a request that succeeded. One of a few strings, the same
    /// instances.</summary>
    public static string? ErrorType(in RequestRecord record) =>
        record.Outcome switch
        {
            Outcome.Response => record.Status is >= 400 and < MaxStatus
                ? s_statusTexts[record.Status] ??= record.Status.ToString(CultureInfo.InvariantCulture)
                : null,
            Outcome.PortsExhausted => "client_ports_exhausted",
            Outcome.ConnectTimeout => "connect_timeout",
            Outcome.ConnectRefused => "connection_refused",
            Outcome.ConnectError => "connection_error",
            Outcome.NoAnswer => "timeout",
            Outcome.Reset => "connection_reset",
            Outcome.ClosedEarly => "response_ended",
            Outcome.Malformed => "invalid_response",
            Outcome.Canceled => "canceled",
            // What OpenTelemetry calls an error without a name of its own.
            Outcome.Unknown => "_OTHER",
            _ => "not_sent",
        };

    /// <summary>The server as the URL names it, and the port that is dialled.</summary>
    public static (string Address, int Port) ServerOf(AttackTarget target)
    {
        var host = target.Host;
        var end = host.StartsWith('[')
            ? host.IndexOf(']', StringComparison.Ordinal) + 1
            : host.IndexOf(':', StringComparison.Ordinal);
        return (end > 0 ? host[..end] : host, target.EndPoint.Port);
    }
}
