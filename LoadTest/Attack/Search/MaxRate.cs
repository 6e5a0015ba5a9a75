using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Engines;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Results;

namespace CiliumDebugging.LoadTest.Attack.Search;

/// <summary>Finds the highest rate that generator and server hold, by short attacks: one with a constant number of
/// requests in flight for a first guess, then at constant rates; what held for a moment is tried for longer, as far as
/// the time goes. It takes at most half of the plan's duration.</summary>
public static class MaxRate
{
    /// <summary>Shortest duration of a plan that is searched: steps of a hundredth of a second say nothing.</summary>
    public static readonly TimeSpan MinDuration = TimeSpan.FromSeconds(5);

    private const int FirstInFlight = 64;

    // A longer try, in steps; queues that fill slowly show in it. After one that fails, the rate is lowered to this
    // part.
    private const int StepsOfTry = 4;
    private const double Lowered = 0.9;

    /// <param name="plan">The attack; its rate is not looked at. Its duration is <see cref="MinDuration"/> or
    /// more.</param>
    /// <param name="engineOf">The engine for a step's plan.</param>
    /// <param name="report">Called after each step at a constant rate.</param>
    /// <param name="abort">Ends the search at once.</param>
    /// <returns>The plan at the highest rate that held, lowered where longer tries failed (after the last of them
    /// without another one), with the duration that is left; null when none held, or after an abort.</returns>
    public static async Task<AttackPlan?> FindAsync(
        AttackPlan plan,
        Func<AttackPlan, IAttackEngine> engineOf,
        Action<RateStep> report,
        CancellationToken abort
    )
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(engineOf);
        ArgumentNullException.ThrowIfNull(report);
        if (plan.Duration is not { } duration || duration < MinDuration)
            throw new ArgumentException($"a duration of at least {MinDuration} is needed", nameof(plan));
        var length = duration / (2 * (RateSearch.MaxSteps + 1));
        var busy = await RunAsync(
            plan with
            {
                RatePerSecond = double.PositiveInfinity,
                Duration = length,
                MaxInFlight = Math.Min(FirstInFlight, plan.MaxInFlight),
                Burst = null,
            },
            engineOf,
            abort
        );
        var search = new RateSearch(busy.Accounting.Responses / length.TotalSeconds);
        while (search.Next is { } rate && !abort.IsCancellationRequested)
            search.Report(await HoldsAsync(rate, 1));
        if (search.Held is not { } held)
            return null;
        for (
            var steps = RateSearch.MaxSteps - search.Steps;
            steps > 0 && !abort.IsCancellationRequested;
            steps -= StepsOfTry
        )
        {
            if (await HoldsAsync(held, Math.Min(steps, StepsOfTry)))
                break;
            held *= Lowered;
        }
        return abort.IsCancellationRequested
            ? null
            : plan with
            {
                RatePerSecond = Math.Round(held),
                Duration = duration / 2,
            };
        async Task<bool> HoldsAsync(double rate, int steps)
        {
            var step = await RunAsync(
                plan with
                {
                    RatePerSecond = Math.Round(rate),
                    Duration = length * steps,
                },
                engineOf,
                abort
            );
            if (!abort.IsCancellationRequested)
                report(step);
            return step.Problem is null;
        }
    }

    private static async Task<RateStep> RunAsync(
        AttackPlan plan,
        Func<AttackPlan, IAttackEngine> engineOf,
        CancellationToken abort
    )
    {
        var (results, length) = (new AttackResults(), plan.Duration!.Value);
        // What is not answered by then does not hold; a server that keeps some requests open would make each step as
        // long as the plan's timeout.
        using var late = new CancellationTokenSource(length + RateStep.MaxDrain(length), TimeProvider.System);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(abort, late.Token);
        await using var attack = AttackControl.Start(plan, results, engineOf(plan), abort: end.Token);
        var accounting = await attack.Completion;
        var drain = attack.Clock.Elapsed - length;
        return new RateStep(
            plan.RatePerSecond,
            length,
            accounting,
            results.Blocked.Quantile(0.99),
            drain > TimeSpan.Zero ? drain : TimeSpan.Zero
        );
    }
}
