using System.Collections.Immutable;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.Lab.Scenarios;

/// <summary>The load of a scenario.</summary>
/// <param name="Url">Target; the host is a Service as <c>name.namespace</c>.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Body">Request body.</param>
/// <param name="RatePerSecond">Requests per second.</param>
/// <param name="Client">Label selector of the load-test Pod.</param>
/// <param name="Ports">
/// Client ports as <see cref="ClientPortRange.Parse"/> reads them; null: random odd ports, as drawn for a client that
/// binds a port.
/// </param>
/// <param name="Connections">Connections that are kept open; 0: a fresh one for each request.</param>
/// <param name="Http2">
/// Whether requests are sent by HTTP/2 with prior knowledge: many at a time on each kept connection, which they use in
/// turn.
/// </param>
/// <param name="InFlight">
/// Maximum number of requests under way. One that is due beyond it is counted as not sent, so that a slow machine
/// does not pile them up. Null: 10,000.
/// </param>
public sealed record LoadSpec(
    Uri Url,
    string Method,
    string? Body,
    double RatePerSecond,
    string Client = LoadSpec.DefaultClient,
    string? Ports = null,
    int Connections = 0,
    bool Http2 = false,
    int? InFlight = null
)
{
    /// <summary>The load-test Pod of the lab's own topology.</summary>
    public const string DefaultClient = "app=load-test-1";

    /// <summary>M: the distinct client ports the load can draw.</summary>
    public int PortCount =>
        ClientPortRange.Parse(Ports ?? "odd") is (var range, null)
            ? range.Count
            : throw new InvalidOperationException($"load.ports '{Ports}' was not checked");

    /// <summary>The Service's name.</summary>
    public string Service => Url.Host.Split('.')[0];

    /// <summary>The Service's namespace; <c>default</c> where the host names none.</summary>
    public string Namespace => Url.Host.Split('.') is [_, var ns, ..] ? ns : "default";
}
