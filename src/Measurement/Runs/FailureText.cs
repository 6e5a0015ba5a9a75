using System.Globalization;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.Measurement.Runs;

/// <summary>Failures in words, the same in every table.</summary>
public static class FailureText
{
    /// <summary>Kind of the requests that were not sent because the client had no free port: its own limit.</summary>
    public const string NoClientPort = "PortsExhausted";

    /// <summary>The number of failures of each kind: <c>163 × 503, 2 × timeout</c>; empty without one.</summary>
    /// <param name="byStatus">Answers by HTTP status.</param>
    /// <param name="unanswered">Requests without an answer, by kind.</param>
    public static string Of(
        IEnumerable<KeyValuePair<int, long>> byStatus,
        IEnumerable<KeyValuePair<string, long>> unanswered
    ) =>
        string.Join(
            ", ",
            byStatus
                .Where(s => !ResponseStatus.IsSuccess(s.Key))
                .Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Value} × {s.Key}"))
                .Concat(unanswered.Select(u => string.Create(CultureInfo.InvariantCulture, $"{u.Value} × {u.Key}")))
        );
}
