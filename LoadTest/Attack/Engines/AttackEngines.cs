namespace CiliumDebugging.LoadTest.Attack;

/// <summary>Chooses the engine of a plan.</summary>
public static class AttackEngines
{
    /// <summary>The cheapest engine that can carry out the plan on this platform.</summary>
    public static IAttackEngine For(AttackPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Targets.Any(target => target.IsTls))
            return new HttpClientEngine();
        return EpollEngine.IsSupported ? new EpollEngine() : new SocketEngine();
    }

    /// <summary>The engine with this name (<c>auto</c> for the best).</summary>
    /// <returns>Null and the engine, or why it cannot be had.</returns>
    public static string? Named(string name, AttackPlan plan, out IAttackEngine engine)
    {
        engine = For(plan);
        switch (name)
        {
            case "auto":
                return null;
            case "httpclient":
                engine = new HttpClientEngine();
                return null;
            case "sockets" or "epoll" when plan.Targets.Any(target => target.IsTls):
                return $"engine '{name}': cannot do https; use auto or httpclient";
            case "sockets":
                engine = new SocketEngine();
                return null;
            case "epoll":
                return EpollEngine.IsSupported ? null : "engine 'epoll': needs Linux; use auto or sockets";
            default:
                return $"engine '{name}': expected auto, epoll, sockets or httpclient";
        }
    }
}
