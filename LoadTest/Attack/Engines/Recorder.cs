using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Telemetry;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines;

/// <summary>The only way from an engine to the sink: counts, then passes on, one call at a time. A sink that throws
/// aborts the attack.</summary>
public sealed class Recorder
{
    private readonly Lock _gate = new();
    private readonly IRecordSink _sink;
    private readonly AttackAccounting _accounting = new();
    private readonly RequestMetrics _metrics;
    private readonly Action _abort;
    private readonly TimeSpan _timeout;
    private long _intended;

    internal Recorder(IRecordSink sink, RequestMetrics metrics, TimeSpan timeout, Action abort)
    {
        _timeout = timeout;
        _sink = sink;
        _metrics = metrics;
        _abort = abort;
    }

    /// <summary>The sink's or the engine's first exception; null while there is none.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>The pacer has handed out another request.</summary>
    public void Intended() => Interlocked.Increment(ref _intended);

    /// <summary>A request has started.</summary>
    public void Started(long sequence, TimeSpan intendedStart, TimeSpan start)
    {
        _metrics.Started(sequence);
        lock (_gate)
        {
            _accounting.AddStarted();
            if (Failure is not null)
                return;
            try
            {
                _sink.Started(sequence, intendedStart, start);
            }
            catch (Exception e)
            {
                Fail_NeedsLock(e);
            }
        }
    }

    /// <summary>A request has ended or was not sent.</summary>
    public void Add(in RequestRecord ended)
    {
        var record = ended.Within(_timeout);
        _metrics.Ended(record);
        lock (_gate)
        {
            _accounting.Add(record);
            if (Failure is not null)
                return;
            try
            {
                _sink.Add(record);
            }
            catch (Exception e)
            {
                Fail_NeedsLock(e);
            }
        }
    }

    /// <summary>Ends the attack because of a bug in the engine.</summary>
    public void Fail(Exception exception)
    {
        lock (_gate)
            Fail_NeedsLock(exception);
    }

    /// <summary>The counts at this moment.</summary>
    public AttackAccounting Snapshot()
    {
        lock (_gate)
        {
            var copy = _accounting.Copy();
            copy.Intended = Interlocked.Read(ref _intended);
            return copy;
        }
    }

    private void Fail_NeedsLock(Exception exception)
    {
        Failure ??= exception;
        _abort();
    }
}
