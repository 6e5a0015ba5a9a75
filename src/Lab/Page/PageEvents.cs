using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace CiliumDebugging.Lab.Page;

/// <summary>
/// Sends what changes in the feed to every open page as server-sent events. Everything is written once and shared: <c>lab</c> and <c>state</c> (whole), <c>series</c> (all charts, for a new page or new lines) and
/// <c>point</c> (one more sample). A page that does not keep up misses the steps between and gets the whole again; one that takes nothing for long is let go.
/// </summary>
public sealed class PageEvents : IAsyncDisposable
{
    /// <summary>Most open pages.</summary>
    public const int MaxPages = 512;

    /// <summary>Frames that wait for one page.</summary>
    private const int Backlog = 8;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1),
        s_soonest = TimeSpan.FromMilliseconds(100),
        s_heartbeatInterval = TimeSpan.FromSeconds(15);
    private static readonly byte[] s_heartbeat = ":\n\n"u8.ToArray();

    private readonly Lock _lock = new();
    private readonly List<Page> _pages = [];
    private readonly LiveState _feed;
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

    /// <summary>The layout that every page knows, and the one of <see cref="_series"/>, which a page that is opened between two publications may know before the others.</summary>
    private int _layout = -1,
        _seriesLayout = -1;

    /// <summary>Starts to send.</summary>
    public PageEvents(LiveState feed, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(feed);
        (_feed, _time) = (feed, time);
        _feed.Changed += OnChanged;
        lock (_lock)
            Build();
        _sending = SendAsync();
    }

    /// <summary>Pages that are open.</summary>
    public int Pages
    {
        get
        {
            lock (_lock)
                return _pages.Count;
        }
    }

    /// <summary>One open page.</summary>
    public sealed class Page
    {
        private readonly Channel<byte[]> _frames = Channel.CreateBounded<byte[]>(
            new BoundedChannelOptions(Backlog) { SingleReader = true }
        );

        internal bool Behind { get; private set; }

        internal IDisposable? Watching { get; init; }

        internal ChannelReader<byte[]> Frames => _frames.Reader;

        internal void Send(byte[] frame) => Behind |= !_frames.Writer.TryWrite(frame);

        /// <summary>Forgets what the page has not taken and begins again with the whole.</summary>
        internal void Restart(ReadOnlySpan<byte[]> whole)
        {
            while (_frames.Reader.TryRead(out _)) { }
            Behind = false;
            foreach (var frame in whole)
                Send(frame);
        }

        internal void Complete() => _frames.Writer.TryComplete();
    }

    /// <summary>Adds a page, whose first frames are the whole; null when there are too many.</summary>
    public Page? Open()
    {
        Page page;
        lock (_lock)
        {
            if (_pages.Count == MaxPages || _stop.IsCancellationRequested)
                return null;
            page = new Page { Watching = _feed.Watch() };
            page.Restart(Whole());
            _pages.Add(page);
        }
        return page;
    }

    /// <summary>A page is gone.</summary>
    public void Close(Page page)
    {
        ArgumentNullException.ThrowIfNull(page);
        lock (_lock)
            _pages.Remove(page);
        page.Watching?.Dispose();
        page.Complete();
    }

    private void OnChanged()
    {
        if (Urgent(_feed.State) != Volatile.Read(ref _shown))
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
            // Somebody else was as fast.
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
                // Steps, ends and what the first line says are shown at once; numbers, once a second.
                await Task.Delay(s_soonest, _time, _stop.Token);
                if (Urgent(_feed.State) == _shown)
                    await _urgent.WaitAsync(s_interval - s_soonest, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The end.
        }
    }

    /// <summary>What does not wait for its second.</summary>
    private static Words Urgent(PageState state) => new(state.Step, state.Activity, state.Situation.Headline);

    private sealed record Words(string Step, string Activity, string Headline);

    private void Publish()
    {
        var (lab, state) = (_lab, _state);
        var points = Build();
        var newLines = _layout != _feed.ReadTimeline(t => t.Layout);
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
            foreach (var point in points)
                Send(point);
    }

    /// <summary>Writes what has changed; returns the frames of new samples.</summary>
    private List<byte[]> Build()
    {
        var (lab, state) = (_feed.Lab, _feed.State);
        if (!ReferenceEquals(lab, _labSent))
            (_labSent, _lab) = (lab, Frame("lab", w => JsonSerializer.Serialize(w, lab, PageJson.Default.PageInfo)));
        if (!ReferenceEquals(state, _stateSent))
            (_stateSent, _shown, _state) = (
                state,
                Urgent(state),
                Frame("state", w => JsonSerializer.Serialize(w, state, PageJson.Default.PageState))
            );
        List<byte[]> points = [];
        foreach (var (at, dropped, values, layout) in _feed.TakeSamples())
        {
            _series = null;
            if (layout == _layout)
                points.Add(Frame("point", w => PageSeries.WritePoint(w, at, dropped, values)));
        }
        return points;
    }

    private byte[][] Whole() => [_lab, Series(), _state];

    private byte[] Series() =>
        _series ??= _feed.ReadTimeline(timeline =>
        {
            _seriesLayout = timeline.Layout;
            return Frame("series", w => PageSeries.Write(w, timeline));
        });

    private void Send(byte[] frame)
    {
        byte[][]? whole = null;
        foreach (var page in _pages)
        {
            page.Send(frame);
            if (page.Behind)
                page.Restart(whole ??= Whole());
        }
    }

    private byte[] Frame(string name, Action<Utf8JsonWriter> write)
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
        _feed.Changed -= OnChanged;
        await _stop.CancelAsync();
        await _sending;
        lock (_lock)
            foreach (var page in _pages)
                page.Complete();
        _wake.Dispose();
        _urgent.Dispose();
        _stop.Dispose();
    }
}
