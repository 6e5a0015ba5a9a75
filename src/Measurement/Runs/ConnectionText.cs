namespace CiliumDebugging.Measurement.Runs;

/// <summary>The connections of a load in words.</summary>
internal static class ConnectionText
{
    /// <param name="kept">Connections that are kept open; 0: a fresh one for each request.</param>
    /// <param name="isHttp2">Whether they are HTTP/2.</param>
    public static string Of(int kept, bool isHttp2)
    {
        var protocol = isHttp2 ? "HTTP/2 " : "";
        return kept > 0
            ? string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{kept} kept-alive {protocol}connection(s)"
            )
            : $"fresh {protocol}connections";
    }
}
