namespace CiliumDebugging.LoadTest.Attack;

/// <summary>
/// The engine for https and HTTP/2, on HttpClient; the dearest of all. It counts the bytes of bodies only, and HTTP's own framing errors are
/// as precise as HttpClient tells them. A failed TLS handshake is a connect error with EPROTO.
/// </summary>
public sealed class HttpClientEngine : IAttackEngine
{
    /// <inheritdoc/>
    public string Name => "httpclient";

    /// <inheritdoc/>
    public Task RunAsync(AttackContext context) => new SocketAttack(context, (attack, ports) => new HttpExchange(attack, ports)).RunAsync();
}
