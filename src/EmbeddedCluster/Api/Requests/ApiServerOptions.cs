using System.Net;
using CiliumDebugging.EmbeddedCluster.Api.Access;

namespace CiliumDebugging.EmbeddedCluster.Api.Requests;

/// <summary>How the API server listens and which clients it accepts.</summary>
public sealed record ApiServerOptions
{
    /// <summary>Loopback address and port to listen on; port 0 takes a free one.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>
    /// The bearer token every request must carry, except for /version and the health paths. At least 16 characters.
    /// </summary>
    public required string Token { get; init; }

    /// <summary>
    /// Serve HTTPS with this certificate, which stays the caller's; null: plain HTTP, on which kubectl sends no token.
    /// </summary>
    public ServingCertificate? Certificate { get; init; }

    /// <summary>
    /// Clock of timeouts and timestamps. Default: the system's. It must run: watches pace their flushes by it.
    /// </summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Opens connections to pods for the proxy subresource; null: the subresource answers 503.</summary>
    public IPodProxy? PodProxy { get; init; }

    /// <summary>Output of pods for the log subresource; null: the subresource answers 503.</summary>
    public IPodLogs? PodLogs { get; init; }

    /// <summary>Connections at once; further ones are closed. Default 2,048.</summary>
    public int MaxConnections { get; init; } = 2_048;

    /// <summary>
    /// Bytes of the bodies that are being received, of all requests together; what would exceed it gets 429. A body
    /// that comes slowly counts with what has come. Default 192 MiB, 64 bodies of the largest size.
    /// </summary>
    public long MaxBodyBytes { get; init; } = 64L * RequestBody.MaxBytes;

    /// <summary>How often a watch that allows bookmarks gets one. Default 1 min.</summary>
    public TimeSpan BookmarkInterval { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>The way to a pod's private address, supplied by the datapath.</summary>
public interface IPodProxy
{
    /// <summary>Opens a connection to a port of a pod. The caller disposes the stream.</summary>
    /// <exception cref="IOException">
    /// The pod is not there or does not accept (also a SocketException): the client gets 503.
    /// </exception>
    Task<Stream> ConnectAsync(string ns, string podName, int port, CancellationToken cancellationToken);
}

/// <summary>The output of pods, supplied by the kubelet.</summary>
public interface IPodLogs
{
    /// <summary>Lines of the container's present run in order, from the oldest kept one on.</summary>
    /// <param name="ns">Namespace of the pod.</param>
    /// <param name="podName">Name of the pod.</param>
    /// <param name="tailLines">Begin with at most this many of the lines so far; null for all that are kept.</param>
    /// <param name="follow">Go on with new lines until the pod ends.</param>
    /// <param name="previous">Of the container's run before its last restart.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    IAsyncEnumerable<PodLogLine> ReadAsync(
        string ns,
        string podName,
        int? tailLines,
        bool follow,
        bool previous,
        CancellationToken cancellationToken
    );
}

/// <summary>A line a pod printed.</summary>
/// <param name="Time">When.</param>
/// <param name="Text">What, without the line end.</param>
public readonly record struct PodLogLine(DateTimeOffset Time, string Text);
