namespace CiliumDebugging.EmbeddedCluster.Proxy;

/// <summary>Why an upstream connection did not come about.</summary>
internal enum UpstreamFailureReason
{
    /// <summary>No answer within proxy-connect-timeout, or refused, or reset.</summary>
    ConnectionFailure,

    /// <summary>connect(2) failed at once with EADDRNOTAVAIL.</summary>
    AddressNotAvailable,

    /// <summary>More pending requests than the cluster allows.</summary>
    Overflow,
}

/// <summary>An upstream connection that did not come about; thrown through the HTTP handler to the proxy that asked for it.</summary>
internal sealed class UpstreamFailureException(UpstreamFailureReason reason) : IOException(reason.ToString())
{
    public UpstreamFailureReason Reason { get; } = reason;

    /// <summary>Envoy's body for it (facts).</summary>
    public static string Body(UpstreamFailureReason reason) =>
        reason switch
        {
            UpstreamFailureReason.Overflow =>
                "upstream connect error or disconnect/reset before headers. reset reason: overflow",
            UpstreamFailureReason.AddressNotAvailable =>
                "upstream connect error or disconnect/reset before headers. reset reason: connection failure, transport failure reason: immediate connect error: Cannot assign requested address",
            _ => "upstream connect error or disconnect/reset before headers. reset reason: connection failure",
        };

    /// <summary>The reason behind an exception of the HTTP handler.</summary>
    public static UpstreamFailureReason ReasonOf(Exception? exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
            if (e is UpstreamFailureException failure)
                return failure.Reason;
        return UpstreamFailureReason.ConnectionFailure;
    }
}
