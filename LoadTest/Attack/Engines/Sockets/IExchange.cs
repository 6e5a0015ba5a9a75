using CiliumDebugging.LoadTest.Attack.Records;

namespace CiliumDebugging.LoadTest.Attack.Engines.Sockets;

/// <summary>A slot that carries one exchange at a time, and its connection between exchanges; for the engines on
/// System.Net.</summary>
internal interface IExchange : IDisposable
{
    /// <summary>Sends one request and reads its response; never throws for what the network or the peer does.</summary>
    Task<RequestRecord> ExchangeAsync(long sequence, TimeSpan intendedStart, TimeSpan start);
}
