namespace CiliumDebugging.EmbeddedCluster.Api.Requests;

internal static partial class ApiLog
{
    [LoggerMessage(1, LogLevel.Debug, "API server listens on {Address}")]
    public static partial void Listening(this ILogger logger, Uri address);

    [LoggerMessage(2, LogLevel.Error, "API request {Method} {Path} failed unexpectedly")]
    public static partial void Unexpected(this ILogger logger, Exception exception, string method, string path);

    [LoggerMessage(3, LogLevel.Debug, "Watch of {Kind} closed: the client fell behind the history")]
    public static partial void WatchTooSlow(this ILogger logger, string kind);

    [LoggerMessage(4, LogLevel.Debug, "Proxy to pod {Pod} failed: {Error}")]
    public static partial void PodProxyFailed(this ILogger logger, string pod, string error);
}
