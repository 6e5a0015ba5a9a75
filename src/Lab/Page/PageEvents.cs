using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace CiliumDebugging.Lab.Page;

/// <summary>
/// Sends changes of a <see cref="LiveState"/> to every open page as server-sent events: <c>lab</c> and <c>state</c>
/// (whole), <c>series</c> (all charts, for a new page or new lines) and <c>point</c> (one more sample). Each event is
/// written once, for all pages. A page that is too slow skips events and gets the whole again; one that accepts nothing
/// for a while is disconnected.
/// </summary>
public sealed class PageEvents : IAsyncDisposable
{
    /// <summary>Open pages at once.</summary>
    public const int MaxPages = 512;

    /// <summary>
    /// Of them those that only pages with the token get: any user of the machine can open the others.
    /// </summary>
    public const int ReservedPages = 64;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1),
        s_urgentInterval = TimeSpan.FromMilliseconds(100),
        s_heartbeatInterval = TimeSpan.FromSeconds(15);
    private static readonly byte[] s_heartbeat = ":\n\n"u8.ToArray();

    private readonly Lock _lock = new();
    private readonly List<OpenPage> _pages = [];
    private readonly LiveState _live;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wake = new(0, 1),
        _urgent = new(0, 1);
    private readonly Task _sending;
    private readonly ArrayBufferWriter<byte> _buffer = new(16 * 1024);
    private PageInfo? _labSent;
    private PageState? _stateSent;
    private Words _shown = Urgent(PageState.Empty);
    private byte[] _lab = [],
        _state = [];
    private byte[]? _series;

    /// <summary>
    /// The layout that every page knows, and the one of <see cref="_series"/>, which a page that is opened between two
    /// publications may know before the others.
    /// </summary>
    private int _layout = -1,
        _seriesLayout = -1;

    /// <summary>Starts to send.</summary>
    public PageEvents(LiveState live, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(live);
        (_live, _time) = (live, time);
        _live.Changed += OnChanged;
        lock (_lock)
            Build();
        _sending = SendAsync();
    }

    /// <summary>Number of open pages.</summary>
    public int Pages
    {
        get
        {
            lock (_lock)
                return _pages.Count;
        }
    }

    /// <summary>Adds a page, whose first events are the whole; null when there are too many.</summary>
    /// <param name="hasToken">Whether it is one of the lab's owner.</param>
    public OpenPage? Open(bool hasToken = false)
    {
        lock (_lock)
        {
            if (_pages.Count >= (hasToken ? MaxPages : MaxPages - ReservedPages) || _stop.IsCancellationRequested)
                return null;
            var page = new OpenPage(_live.Watch());
            page.Restart(Whole());
            _pages.Add(page);
            return page;
        }
    }

    /// <summary>Removes a page.</summary>
    public void Close(OpenPage page)
    {
        ArgumentNullException.ThrowIfNull(page);
        lock (_lock)
            _pages.Remove(page);
        page.Dispose();
    }

    private void OnChanged()
    {
        if (Urgent(_live.State) != Volatile.Read(ref _shown))
            Wake(_urgent);
        Wake(_wake);
    }

    private static void Wake(SemaphoreSlim sleeper)
    {
        if (sleeper.CurrentCount > 0)
            return;
        try
        {
            sleeper.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another thread has released it since the check.
        }
    }

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                var woken = await _wake.WaitAsync(s_heartbeatInterval, _stop.Token);
                lock (_lock)
                {
                    if (woken)
                        Publish();
                    else
                        Send(s_heartbeat);
                }
                // Steps, ends and the headline are shown at once; numbers, once a second.
                await Task.Delay(s_urgentInterval, _time, _stop.Token);
                if (Urgent(_live.State) == _shown)
                    await _urgent.WaitAsync(s_interval - s_urgentInterval, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    /// <summary>The part of a state that is sent at once when it changes.</summary>
    private static Words Urgent(PageState state) => new(state.Step, state.Activity, state.Situation.Headline);

    private sealed record Words(string Step, PageActivity Activity, string Headline);

    private void Publish()
    {
        var (lab, state) = (_lab, _state);
        var points = Build();
        var newLines = _layout != _live.ReadTimeline(t => t.Layout);
        if (newLines)
        {
            _series = null;
            Send(Series());
            _layout = _seriesLayout;
        }
        if (!ReferenceEquals(lab, _lab))
            Send(_lab);
        if (!ReferenceEquals(state, _state))
            Send(_state);
        if (!newLines)
            points.ForEach(Send);
    }

    /// <summary>Writes what has changed; returns the events of new samples.</summary>
    private List<byte[]> Build()
    {
        var (lab, state) = (_live.Lab, _live.State);
        if (!ReferenceEquals(lab, _labSent))
        {
            _labSent = lab;
            _lab = Event("lab", w => JsonSerializer.Serialize(w, lab, PageJson.Default.PageInfo));
        }
        if (!ReferenceEquals(state, _stateSent))
        {
            (_stateSent, _shown) = (state, Urgent(state));
            _state = Event("state", w => JsonSerializer.Serialize(w, state, PageJson.Default.PageState));
        }
        List<byte[]> points = [];
        foreach (var sample in _live.TakeSamples())
        {
            _series = null;
            if (sample.Layout == _layout)
                points.Add(Event("point", w => PageSeries.WritePoint(w, sample)));
        }
        return points;
    }

    private byte[][] Whole() => [_lab, Series(), _state];

    private byte[] Series() =>
        _series ??= _live.ReadTimeline(timeline =>
        {
            _seriesLayout = timeline.Layout;
            return Event("series", w => PageSeries.Write(w, timeline));
        });

    private void Send(byte[] bytes)
    {
        byte[][]? whole = null;
        foreach (var page in _pages)
        {
            page.Send(bytes);
            if (page.IsBehind)
                page.Restart(whole ??= Whole());
        }
    }

    private byte[] Event(string name, Action<Utf8JsonWriter> write)
    {
        _buffer.ResetWrittenCount();
        _buffer.Write(Encoding.UTF8.GetBytes($"event: {name}\ndata: "));
        using (var json = new Utf8JsonWriter(_buffer))
            write(json);
        _buffer.Write("\n\n"u8);
        return _buffer.WrittenSpan.ToArray();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _live.Changed -= OnChanged;
        await _stop.CancelAsync();
        await _sending;
        lock (_lock)
            _pages.ForEach(p => p.Complete());
        _wake.Dispose();
        _urgent.Dispose();
        _stop.Dispose();
    }
}
