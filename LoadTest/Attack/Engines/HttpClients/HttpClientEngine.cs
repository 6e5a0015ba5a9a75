using CiliumDebugging.LoadTest.Attack.Engines.Sockets;
using CiliumDebugging.LoadTest.Attack.Plan;

namespace CiliumDebugging.LoadTest.Attack.Engines.HttpClients;

/// <summary>The engine for https and HTTP/2, on HttpClient; the most expensive one. It counts only the bytes of bodies,
/// and HTTP's own framing errors are as precise as HttpClient tells them. A failed TLS handshake is a connect error
/// with EPROTO.</summary>
public sealed class HttpClientEngine : IAttackEngine
{
    public string Name => "httpclient";

    public int WorkersOf(AttackPlan plan) => 1;

    /// <summary>What keeps this engine from a plan; null when nothing does. It makes URLs of the targets' hosts, so
    /// these must be valid in a URL.</summary>
    public static string? Problem(AttackPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return plan.Targets.FirstOrDefault(target => !IsHost(target.Host)) is { Host: var wrong }
            ? $"engine 'httpclient': host '{wrong}': expected a name or address, with a port unless it is the default"
            : null;
    }

    private static bool IsHost(string host) =>
        host.AsSpan().IndexOfAny(@"/\?#@") < 0 && Uri.TryCreate($"http://{host}/", UriKind.Absolute, out _);

    public async Task RunAsync(AttackContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!context.Plan.Http2)
        {
            await new SocketAttack(context, (attack, ports) => new HttpExchange(attack, ports)).RunAsync();
            return;
        }
        using var connections = new Http2Connections(context.Plan);
        await new SocketAttack(context, (attack, ports) => new Http2Exchange(attack, ports, connections)).RunAsync();
    }
}
