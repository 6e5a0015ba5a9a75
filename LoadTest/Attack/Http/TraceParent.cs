using System.Diagnostics;
using System.Globalization;

namespace CiliumDebugging.LoadTest.Attack.Http;

/// <summary>The value of the header <c>traceparent</c> (W3C Trace Context, version 00):
/// <c>00-trace id-span id-flags</c>.</summary>
internal static class TraceParent
{
    /// <summary>Its length in bytes.</summary>
    public const int Length = 55;

    /// <summary>Writes the one of a span.</summary>
    public static void Write(Activity span, Span<byte> to)
    {
        Span<byte> trace = stackalloc byte[16];
        Span<byte> id = stackalloc byte[8];
        span.TraceId.CopyTo(trace);
        span.SpanId.CopyTo(id);
        "00-"u8.CopyTo(to);
        Convert.TryToHexStringLower(trace, to[3..], out _);
        to[35] = (byte)'-';
        Convert.TryToHexStringLower(id, to[36..], out _);
        (span.Recorded ? "-01"u8 : "-00"u8).CopyTo(to[52..]);
    }

    /// <summary>Writes that of a request without a span: random, flagged as not sampled, so that servers do not sample
    /// it either. Allocates nothing.</summary>
    public static void WriteUnsampled(Span<byte> to)
    {
        "00-"u8.CopyTo(to);
        WriteRandom(to[3..]);
        WriteRandom(to[19..]);
        to[35] = (byte)'-';
        WriteRandom(to[36..]);
        "-00"u8.CopyTo(to[52..]);
    }

    // Never zero, which would be no valid id.
    private static void WriteRandom(Span<byte> to) =>
        Random.Shared.NextInt64(1, long.MaxValue).TryFormat(to, out _, "x16", CultureInfo.InvariantCulture);
}
