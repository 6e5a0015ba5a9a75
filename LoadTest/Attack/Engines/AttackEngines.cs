namespace CiliumDebugging.LoadTest.Attack;

/// <summary>Chooses the engine of a plan.</summary>
public static class AttackEngines
{
    /// <summary>The cheapest engine that can carry out the plan on this platform.</summary>
    public static IAttackEngine For(AttackPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return EpollEngine.IsSupported ? new EpollEngine() : new SocketEngine();
    }
}
