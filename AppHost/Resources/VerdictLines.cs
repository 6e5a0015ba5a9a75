using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using static System.FormattableString;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>Prints a line when the headline or the verdict of a watched cluster changes.</summary>
internal sealed class VerdictLines(LiveState feed, Action<string> print)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    /// <summary>Prints until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var last = "";
        while (!cancellationToken.IsCancellationRequested)
        {
            var line = LineOf(feed.State);
            // A growing number of seconds is not a change.
            var words = string.Concat(line.Where(c => !char.IsAsciiDigit(c)));
            if (words != last)
                print(Invariant($"{TimeProvider.System.GetLocalNow():HH:mm:ss}  {line}"));
            last = words;
            await Task.Delay(s_interval, TimeProvider.System, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The headline, with the verdict where there is one.</summary>
    public static string LineOf(PageState state)
    {
        var cause = state.Situation.Cause is { } named ? $": {named.Name}" : "";
        return state.Situation.Verdict is { Kind: not VerdictKind.Undecided } verdict
            ? $"{state.Situation.Headline} ({verdict.Kind}{cause})"
            : state.Situation.Headline;
    }
}
