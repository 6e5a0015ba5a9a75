using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Page;

namespace CiliumDebugging.AppHost.Terminal;

/// <param name="Key">The key.</param>
/// <param name="Label">What it does, in a few words.</param>
/// <param name="Command">The command; null for the keys that are the terminal's own.</param>
internal sealed record TerminalKey(char Key, string Label, PageCommand? Command)
{
    /// <summary>The label without what can be guessed, for the line of all keys.</summary>
    public string Brief { get; init; } = Label;
}

/// <summary>The terminal's keys: the same commands as the page's, shown in a footer.</summary>
internal sealed class TerminalKeys : IAsyncDisposable
{
    private const int MaxWaiting = 4;
    private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(100);
    private readonly LabController _controller;
    private readonly Uri _page;
    private readonly Action _quit;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _reading;
    private Task _commands = Task.CompletedTask;
    private string _answer = "";
    private int _waiting;
    private bool _all;

    private TerminalKeys(LabController controller, Uri page, Action quit)
    {
        (_controller, _page, _quit) = (controller, page, quit);
        _reading = ReadAsync();
    }

    /// <summary>Begins to read keys; null where there is no terminal to read from.</summary>
    /// <param name="controller">What the keys control.</param>
    /// <param name="page">The page's link.</param>
    /// <param name="quit">Called by the key that quits.</param>
    /// <param name="isTerminal">Whether standard output is a terminal.</param>
    public static TerminalKeys? Start(LabController controller, Uri page, Action quit, bool isTerminal) =>
        isTerminal && !Console.IsInputRedirected ? new TerminalKeys(controller, page, quit) : null;

    /// <summary>
    /// What the last key did, and the keys that do something now, each line within the given columns.
    /// </summary>
    public IReadOnlyList<string> Footer(int columns)
    {
        var keys = Of(_controller.Feed.State, _controller.Feed.Lab);
        var lines = _all ? keys.Select(k => $"  [{k.Key}] {k.Label}") : [OneLine(keys, columns)];
        return [.. _answer.Length > 0 ? [_answer] : Array.Empty<string>(), .. lines];
    }

    /// <summary>As many keys as fit; the last ones always do.</summary>
    internal static string OneLine(IReadOnlyList<TerminalKey> keys, int columns)
    {
        const string End = "q quit  ? keys";
        var line = "";
        foreach (var key in keys.Where(k => k.Key is not 'q'))
        {
            var next = $"{line}{key.Key} {key.Brief}  ";
            if (next.Length + End.Length > columns)
                break;
            line = next;
        }
        return line + End;
    }

    /// <summary>The keys that do something in this state.</summary>
    public static IReadOnlyList<TerminalKey> Of(PageState state, PageInfo lab)
    {
        List<TerminalKey> keys =
        [
            .. lab
                .Policies.Take(9)
                .Select(
                    (p, i) =>
                        new TerminalKey(
                            (char)('1' + i),
                            $"{(p.Applied ? "remove" : "apply")} {p.Id}",
                            new PageCommand(p.Applied ? PageAction.RemovePolicy : PageAction.ApplyPolicy, p.Id)
                        )
                        {
                            Brief = $"{(p.Applied ? "remove" : "apply")} {BriefOf(p.Id)}",
                        }
                ),
        ];
        if (lab.Pods.OrderBy(p => p.Node == state.Client.Node).FirstOrDefault() is { } pod)
            keys.Add(
                new TerminalKey('d', $"delete pod {pod.Name}", new PageCommand(PageAction.DeletePod, pod.HubbleName))
                {
                    Brief = "delete pod",
                }
            );
        var names = lab.Scenarios.Select(s => s.Name).ToList();
        if (state.Activity is PageActivity.Running or PageActivity.Starting)
            keys.Add(new TerminalKey('x', "stop", new PageCommand(PageAction.Stop)));
        if (names.Count > 0)
        {
            var current = state.Scenario.Length > 0 ? state.Scenario : names[0];
            keys.Add(new TerminalKey('s', $"run {current}", new PageCommand(PageAction.Run, current)));
            keys.Add(new TerminalKey('h', "manual load", new PageCommand(PageAction.Manual, current)));
            var next = names[(names.IndexOf(current) + 1) % names.Count];
            keys.Add(new TerminalKey('n', $"run {next}", new PageCommand(PageAction.Run, next)));
        }
        keys.Add(new TerminalKey('w', "write report", new PageCommand(PageAction.WriteReport)) { Brief = "report" });
        keys.Add(new TerminalKey('p', "page", null));
        keys.Add(new TerminalKey('q', "quit", null));
        return keys;
    }

    /// <summary>The name of a policy file without what all of them have.</summary>
    private static string BriefOf(string file)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        return name.EndsWith("-policy", StringComparison.Ordinal) ? name[..^"-policy".Length] : name;
    }

    private async Task ReadAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            // A blocking read could not be ended.
            while (!_stop.IsCancellationRequested && Console.KeyAvailable)
                Press(char.ToLowerInvariant(Console.ReadKey(intercept: true).KeyChar));
            await Task.Delay(s_glance, TimeProvider.System, _stop.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Keys are read while a command is carried out, which may take long: a command waits for those before it.
    /// More than a few that wait are left out.</summary>
    private void Press(char key)
    {
        if (key is '?' or 'q' || Volatile.Read(ref _waiting) < MaxWaiting)
            _commands = Task.WhenAll(_commands, PressAsync(key, _commands));
    }

    private async Task PressAsync(char key, Task before)
    {
        if (key == '?')
        {
            _all = !_all;
            return;
        }
        if (Of(_controller.Feed.State, _controller.Feed.Lab).FirstOrDefault(k => k.Key == key) is not { } known)
            return;
        if (known.Key == 'q')
        {
            _quit();
            return;
        }
        Interlocked.Increment(ref _waiting);
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Decrement(ref _waiting);
        _answer = $"{known.Label} …";
        try
        {
            _answer = known.Command is { } command ? await _controller.RunAsync(command, _stop.Token) : $"page {_page}";
        }
        catch (CommandRefusedException e)
        {
            _answer = e.Message;
        }
        catch (OperationCanceledException)
        {
            _answer = "";
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            _answer = e.Message;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        await _commands;
        _stop.Dispose();
    }
}
