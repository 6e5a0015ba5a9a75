using CiliumDebugging.LoadTest.Attack.Plan;

namespace CiliumDebugging.LoadTest.Attack.Engines.HttpClients;

/// <summary>The HTTP/2 connections of an attack: a fixed number that all requests share in turn, each replaced when it
/// has ended; or one for each request, where the plan keeps none. Safe for concurrent use.</summary>
internal sealed class Http2Connections(AttackPlan plan) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Http2Connection?[] _current = new Http2Connection?[plan.KeepAliveConnections];
    private long _turn;

    /// <summary>The connection for a request; give it back with <see cref="Return"/>.</summary>
    /// <param name="sequence">Number of the request.</param>
    /// <param name="ports">The client ports.</param>
    /// <param name="ended">One that this request found to have ended; null at first.</param>
    public Http2Connection Take(long sequence, SharedPorts ports, Http2Connection? ended)
    {
        var endPoint = plan.Targets[(int)(sequence % plan.Targets.Count)].EndPoint;
        if (_current.Length == 0)
            return new Http2Connection(plan, ports, endPoint) { Users = 1, IsRetired = true };
        lock (_gate)
        {
            // By requests that start: those that are not sent would leave some connections more than others.
            var place = ended?.Place ?? (int)(_turn++ % _current.Length);
            ref var current = ref _current[place];
            if (current == ended)
            {
                if (current is not null)
                    current.IsRetired = true;
                current = new Http2Connection(plan, ports, endPoint) { Place = place };
            }
            current!.Users++;
            return current;
        }
    }

    /// <summary>A request no longer uses a connection; the last one of a replaced connection closes it.</summary>
    public void Return(Http2Connection connection)
    {
        bool isUnused;
        lock (_gate)
        {
            isUnused = --connection.Users == 0 && connection.IsRetired;
        }
        if (isUnused)
            connection.Dispose();
    }

    /// <summary>Closes those that are kept; no request uses one.</summary>
    public void Dispose()
    {
        foreach (var connection in _current)
            connection?.Dispose();
    }
}
