using CiliumDebugging.LoadTest.Attack.Plan;

namespace CiliumDebugging.LoadTest.Attack.Engines;

/// <summary>Sends the requests of a plan. Implementations differ in cost, not in what they record.</summary>
public interface IAttackEngine
{
    /// <summary>Short name for reports, e.g. <c>sockets</c>.</summary>
    string Name { get; }

    /// <summary>Workers that share the plan's requests; 1 for the engines that have one loop whatever the plan
    /// says.</summary>
    int WorkersOf(AttackPlan plan);

    /// <summary>Runs the plan to its end, to a drain or to an abort.</summary>
    /// <returns>Completes when every intended request has its record and every thread and connection of the engine is
    /// gone.</returns>
    Task RunAsync(AttackContext context);
}
