namespace CiliumDebugging.LoadTest.Contract;

/// <summary>An attack for a load-test Pod to run.</summary>
/// <param name="Url">Target; the host is a Service as <c>name.namespace</c> or a DNS name.</param>
/// <param name="RatePerSecond">Requests per second, more than 0.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Body">Request body, UTF-8; null for none.</param>
/// <param name="TimeoutSeconds">The client's time-out, seconds.</param>
/// <param name="Ports">Client ports as <see cref="ClientPortRange.Parse"/> reads them; null: random odd ports of
/// 32768–60999, as a client that binds a port draws them.</param>
/// <param name="PortSeed">Seed of the port draw; null: random.</param>
/// <param name="KeepAliveConnections">Connections that are kept open; 0: a fresh one for each request.</param>
/// <param name="Http2">Whether requests are sent by HTTP/2 with prior knowledge, many at a time on each kept
/// connection.</param>
/// <param name="MaxInFlight">Most requests under way at once, 1 to 1,000,000; one that is due beyond it is not sent,
/// and counted as such. Null: 10,000.</param>
/// <param name="LeaseSeconds">The attack ends by itself when its records have not been read for this long, s, more than
/// 0: the run that ordered it is gone. Null: it needs no reader.</param>
public sealed record AttackOrder(
    Uri Url,
    double RatePerSecond,
    string Method = "POST",
    string? Body = "foo",
    double TimeoutSeconds = 30,
    string? Ports = null,
    int? PortSeed = null,
    int KeepAliveConnections = 0,
    bool Http2 = false,
    int? MaxInFlight = null,
    double? LeaseSeconds = null
);
