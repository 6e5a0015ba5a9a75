using System.Globalization;
using System.Text;
using CiliumDebugging.LoadTest.Attack.Plan;

namespace CiliumDebugging.LoadTest.Attack.Http;

/// <summary>Writes a target as the bytes of an HTTP/1.1 request, once per attack.</summary>
internal static class RequestBytes
{
    /// <param name="target">A target without problems.</param>
    /// <param name="keepAlive">False adds <c>Connection: close</c>, as vegeta does without keepalive.</param>
    /// <param name="propagate">Whether to leave room for a W3C traceparent, unless the target has one of its
    /// own.</param>
    public static PreparedRequest Build(AttackTarget target, bool keepAlive, bool propagate = false)
    {
        var head = new StringBuilder(256);
        head.Append(CultureInfo.InvariantCulture, $"{target.Method} {target.Path} HTTP/1.1\r\nHost: {target.Host}\r\n");
        if (!Has(target, "User-Agent"))
            head.Append("User-Agent: cilium-debugging-attack\r\n");
        foreach (var (name, value) in target.Headers)
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        if (!target.Body.IsEmpty || target.Method is "POST" or "PUT" or "PATCH")
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {target.Body.Length}\r\n");
        if (!keepAlive)
            head.Append("Connection: close\r\n");
        var traceParentAt = -1;
        if (propagate && !Has(target, "traceparent"))
        {
            traceParentAt = head.Append("traceparent: ").Length;
            head.Append('0', TraceParent.Length).Append("\r\n");
        }
        head.Append("\r\n");
        // Latin-1: a character is a byte.
        var bytes = GC.AllocateUninitializedArray<byte>(head.Length + target.Body.Length, pinned: true);
        Encoding.Latin1.GetBytes(head.ToString(), bytes);
        target.Body.Span.CopyTo(bytes.AsSpan(head.Length));
        return new PreparedRequest(bytes, traceParentAt);
    }

    private static bool Has(AttackTarget target, string header) =>
        target.Headers.Any(given => given.Key.Equals(header, StringComparison.OrdinalIgnoreCase));
}
