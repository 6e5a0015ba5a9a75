using CiliumDebugging.LoadTest.Attack;
using CiliumDebugging.LoadTest.Attack.Accounting;

namespace CiliumDebugging.LoadTest.Commands;

/// <summary>Shows an attack while it runs: one line each second, which on a terminal replaces the last one and has a
/// bar.</summary>
internal static class AttackProgress
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    /// <summary>Shows it until it ends, whether or not it fails.</summary>
    /// <param name="attack">The attack.</param>
    /// <param name="output">Where to.</param>
    /// <param name="isTerminal">Whether a line can be replaced there.</param>
    public static async Task ShowAsync(AttackControl attack, TextWriter output, bool isTerminal)
    {
        var lines = new ProgressLines(output, isTerminal, attack.Clock.Time, every: TimeSpan.Zero);
        using var timer = new PeriodicTimer(s_interval, attack.Clock.Time);
        var tick = timer.WaitForNextTickAsync().AsTask();
        while (await Task.WhenAny(attack.Completion, tick) == tick)
        {
            var (elapsed, duration) = (attack.Clock.Elapsed, attack.Plan.Duration);
            lines.Write(Describe(attack.Accounting, elapsed, duration), passing: true, elapsed / duration);
            tick = timer.WaitForNextTickAsync().AsTask();
        }
        lines.End();
    }

    /// <summary><c>12/60 s  600 sent, 4 in flight: 590 × 200 + 6 × 503</c>.</summary>
    internal static string Describe(AttackAccounting accounting, TimeSpan elapsed, TimeSpan? duration)
    {
        var of = duration is { } end ? $"/{end.TotalSeconds:0.#}" : "";
        var notSent = accounting.NotSent > 0 ? $", {accounting.NotSent} not sent" : "";
        var ended = string.Join(" + ", accounting.Parts());
        return $"{elapsed.TotalSeconds:0}{of} s  {accounting.Started} sent, {accounting.InFlight} in flight{notSent}"
            + (ended.Length > 0 ? $": {ended}" : "");
    }
}
