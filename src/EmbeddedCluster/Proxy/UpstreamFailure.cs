namespace CiliumDebugging.EmbeddedCluster.Proxy;

/// <summary>Why an upstream connection failed.</summary>
internal enum UpstreamFailureReason
{
    /// <summary>No answer within proxy-connect-timeout, or refused, or reset.</summary>
    ConnectionFailure,

    /// <summary>connect(2) failed at once with EADDRNOTAVAIL.</summary>
    AddressNotAvailable,

    /// <summary>More pending requests than the cluster allows.</summary>
    Overflow,
}

/// <summary>An upstream connection that failed; thrown through the HTTP handler to the proxy that dialled it.</summary>
internal sealed class UpstreamFailureException(UpstreamFailureReason reason) : IOException(reason.ToString())
{
    /// <summary>Since when an attempt has waited for its connection, as a timestamp of the datapath's clock.</summary>
    public static readonly HttpRequestOptionsKey<long> WaitingSince = new("waiting-since");

    public UpstreamFailureReason Reason { get; } = reason;

    /// <summary>The body of Envoy's response.</summary>
    public static string Body(UpstreamFailureReason reason) =>
        "upstream connect error or disconnect/reset before headers. reset reason: "
        + reason switch
        {
            UpstreamFailureReason.Overflow => "overflow",
            UpstreamFailureReason.AddressNotAvailable => "connection failure, transport failure reason: "
                + "immediate connect error: Cannot assign requested address",
            _ => "connection failure",
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
