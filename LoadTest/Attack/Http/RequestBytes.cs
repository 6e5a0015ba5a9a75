using System.Globalization;
using System.Text;

namespace CiliumDebugging.LoadTest.Attack;

/// <summary>Writes a target as the bytes of an HTTP/1.1 request, once per attack.</summary>
internal static class RequestBytes
{
    /// <param name="target">A target without problems.</param>
    /// <param name="keepAlive">False adds <c>Connection: close</c>, as vegeta does without keepalive.</param>
    public static byte[] Build(AttackTarget target, bool keepAlive)
    {
        var head = new StringBuilder(256);
        head.Append(CultureInfo.InvariantCulture, $"{target.Method} {target.Path} HTTP/1.1\r\nHost: {target.Host}\r\n");
        if (!target.Headers.Any(header => header.Key.Equals("User-Agent", StringComparison.OrdinalIgnoreCase)))
            head.Append("User-Agent: cilium-debugging-attack\r\n");
        foreach (var (name, value) in target.Headers)
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        if (!target.Body.IsEmpty || target.Method is "POST" or "PUT" or "PATCH")
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {target.Body.Length}\r\n");
        if (!keepAlive)
            head.Append("Connection: close\r\n");
        head.Append("\r\n");
        return [.. Encoding.Latin1.GetBytes(head.ToString()), .. target.Body.Span];
    }
}
