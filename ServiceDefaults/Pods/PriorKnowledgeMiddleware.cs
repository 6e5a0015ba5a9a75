using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace CiliumDebugging.ServiceDefaults.Pods;

/// <summary>Kestrel connection middleware: cleartext HTTP/2 with prior knowledge beside HTTP/1.1 on one port. Without TLS
/// Kestrel takes every connection for HTTP/1.1, because nothing was negotiated; here the connection preface of HTTP/2
/// (RFC 9113, section 3.4) says what ALPN would have.</summary>
internal sealed class PriorKnowledgeMiddleware(ConnectionDelegate next, TimeSpan timeout)
{
    private static readonly byte[] s_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        try
        {
            if (await BeginsWithPrefaceAsync(connection))
            {
                var http2 = new Negotiated();
                connection.Features.Set<ITlsConnectionFeature>(http2);
                connection.Features.Set<ITlsApplicationProtocolFeature>(http2);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // Closed before it said anything, or silent for as long as Kestrel itself would have waited.
            return;
        }
        await next(connection);
    }

    private async ValueTask<bool> BeginsWithPrefaceAsync(ConnectionContext connection)
    {
        var closing = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested
            ?? default;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(closing);
        deadline.CancelAfter(timeout);
        var input = connection.Transport.Input;
        while (true)
        {
            var read = await input.ReadAsync(deadline.Token);
            var (isPossible, isWhole) = Compare(read.Buffer);
            if (isWhole || !isPossible || read.IsCompleted)
            {
                // Nothing is consumed: Kestrel reads the same bytes again.
                input.AdvanceTo(read.Buffer.Start);
                return isWhole;
            }
            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static (bool IsPossible, bool IsWhole) Compare(in ReadOnlySequence<byte> bytes)
    {
        var count = (int)Math.Min(bytes.Length, s_preface.Length);
        Span<byte> begin = stackalloc byte[s_preface.Length];
        bytes.Slice(0, count).CopyTo(begin);
        var isPossible = begin[..count].SequenceEqual(s_preface.AsSpan(0, count));
        return (isPossible, isPossible && count == s_preface.Length);
    }

    /// <summary>What Kestrel looks at when it chooses the protocol.</summary>
    private sealed class Negotiated : ITlsConnectionFeature, ITlsApplicationProtocolFeature
    {
        private static readonly byte[] s_http2 = "h2"u8.ToArray();

        public ReadOnlyMemory<byte> ApplicationProtocol => s_http2;

        public X509Certificate2? ClientCertificate { get; set; }

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) =>
            Task.FromResult(ClientCertificate);
    }
}

/// <summary>Makes a listener speak HTTP/2 beside HTTP/1.1.</summary>
public static class PriorKnowledge
{
    /// <summary>Answers cleartext HTTP/2 with prior knowledge as well as HTTP/1.1. The listener's protocols stay
    /// Kestrel's default, which has both. Call it after the middleware that takes other bytes off the
    /// connection.</summary>
    public static void UsePriorKnowledge(this ListenOptions listen)
    {
        ArgumentNullException.ThrowIfNull(listen);
        // A request says http, on a connection that Kestrel takes for one of TLS.
        listen.KestrelServerOptions.AllowAlternateSchemes = true;
        var timeout = listen.KestrelServerOptions.Limits.KeepAliveTimeout;
        listen.Use(next => new PriorKnowledgeMiddleware(next, timeout).OnConnectionAsync);
    }
}
