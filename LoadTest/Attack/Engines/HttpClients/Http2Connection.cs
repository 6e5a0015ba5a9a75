using System.Net;
using System.Net.Sockets;
using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Attack.Engines.Sockets;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines.HttpClients;

/// <summary>One HTTP/2 connection of an attack, used by many requests at a time: a handler that may connect once. So it
/// is known which connection a request was sent on. Safe for concurrent use.</summary>
internal sealed class Http2Connection : IDisposable
{
    private readonly PortBinding _binding;
    private readonly IPEndPoint _endPoint;
    private volatile Established? _established;
    private int _requests;

    /// <param name="plan">The attack's plan.</param>
    /// <param name="ports">Its client ports.</param>
    /// <param name="endPoint">Where it leads.</param>
    public Http2Connection(AttackPlan plan, SharedPorts ports, IPEndPoint endPoint)
    {
        (_binding, _endPoint) = (new PortBinding(plan, ports), endPoint);
        Client = new HttpMessageInvoker(HttpCall.CreateHandler(plan, ConnectAsync));
    }

    /// <summary>Sends on it.</summary>
    public HttpMessageInvoker Client { get; }

    /// <summary>The connection; null before there is one.</summary>
    public Established? Current => _established;

    /// <summary>Counts a request that ended on it.</summary>
    /// <returns>Its number, from 0.</returns>
    public int CountRequest() => Interlocked.Increment(ref _requests) - 1;

    /// <summary>Its place among those that are used in turn.</summary>
    public int Place { get; init; }

    /// <summary>Requests that use it now; <see cref="Http2Connections"/> counts them.</summary>
    public int Users { get; set; }

    /// <summary>Whether no further request may use it.</summary>
    public bool IsRetired { get; set; }

    private async ValueTask<Socket> ConnectAsync(CancellationToken cancellation)
    {
        if (_established is not null)
            throw new Http2ConnectionEndedException();
        Socket? socket;
        try
        {
            socket = await _binding.ConnectAsync(_endPoint, cancellation);
        }
        catch (SocketException e) when (Errno.FromSocketException(e) is var errno)
        {
            throw new Http2ConnectException(Errno.ConnectOutcome(errno), errno, _binding.SourcePort, e);
        }
        if (socket is null)
            throw new Http2ConnectException(Outcome.PortsExhausted, Errno.Eaddrnotavail, _binding.SourcePort, null);
        _established = new Established(_binding.Number, _binding.SourcePort);
        return socket;
    }

    public void Dispose()
    {
        Client.Dispose();
        _binding.Release();
    }

    /// <summary>An established connection.</summary>
    /// <param name="Number">Its number within the attack, from 0.</param>
    /// <param name="SourcePort">Its client port.</param>
    internal sealed record Established(long Number, int SourcePort);
}

/// <summary>The connection has ended, by GOAWAY or otherwise, before the server took the request: it is sent on another
/// one.</summary>
internal sealed class Http2ConnectionEndedException()
    : IOException("the server ended the connection before it took the request");

/// <summary>There was no connection.</summary>
internal sealed class Http2ConnectException(Outcome outcome, int errno, int sourcePort, Exception? inner)
    : IOException("the connection was not established", inner)
{
    public Outcome Outcome => outcome;

    public int Errno => errno;

    /// <summary>The client port tried last; 0 for none.</summary>
    public int SourcePort => sourcePort;
}
