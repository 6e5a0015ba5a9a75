using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Accounting;

/// <summary>Counts every request of an attack into exactly one bucket and checks that nothing was lost: intended =
/// started + not sent, and started = responses by status + errors by kind (+ in flight while the attack runs).
/// Intended, started and ended are counted in different places, so the check can fail. Fixed size; not safe for
/// concurrent use.</summary>
public sealed class AttackAccounting
{
    private const int MaxStatus = 1000,
        MaxErrno = 256;

    private readonly long[] _byStatus = new long[MaxStatus];
    private readonly long[] _byOutcome = new long[Outcomes.Count];
    private readonly long[] _byErrno = new long[Outcomes.Count * MaxErrno];

    private readonly long[] _byFault = new long[ResponseFaults.Count];

    /// <summary>Counts of nothing yet.</summary>
    public AttackAccounting() { }

    internal AttackAccounting(SavedCounts saved)
    {
        (Intended, Started) = (saved.Intended, saved.Started);
        foreach (var (outcome, count) in saved.Outcomes)
            _byOutcome[(int)outcome] += count;
        foreach (var (status, count) in saved.Statuses)
            _byStatus[status] += count;
        foreach (var (outcome, errno, count) in saved.Errors)
            _byErrno[((int)outcome * MaxErrno) + errno] += count;
        foreach (var (fault, count) in saved.Faults ?? [])
            _byFault[(int)fault] += count;
        Ended = _byOutcome.Sum() - NotSent;
    }

    /// <summary>Requests that the pacer handed out.</summary>
    public long Intended { get; internal set; }

    /// <summary>Requests that were started.</summary>
    public long Started { get; private set; }

    /// <summary>Requests intended but never started: in-flight limit reached, or given up after the end.</summary>
    public long NotSent => this[Outcome.NotSent] + this[Outcome.Overdue];

    /// <summary>Responses of any status.</summary>
    public long Responses => this[Outcome.Response];

    /// <summary>Started requests that ended without a response.</summary>
    public long Errors => Ended - Responses;

    /// <summary>Started requests that have ended.</summary>
    public long Ended { get; private set; }

    /// <summary>Started requests that have not ended.</summary>
    public long InFlight => Started - Ended;

    /// <summary>Requests that ended in this bucket.</summary>
    public long this[Outcome outcome] => _byOutcome[(int)outcome];

    /// <summary>Responses by status, ascending, without zeros.</summary>
    public IEnumerable<(int Status, long Count)> ResponsesByStatus =>
        _byStatus.Select((count, status) => (status, count)).Where(entry => entry.count > 0);

    /// <summary>Errors by bucket and errno (0 for none), without zeros and without the requests not sent.</summary>
    public IEnumerable<(Outcome Outcome, int Errno, long Count)> ErrorsByKind =>
        _byErrno
            .Select((count, index) => ((Outcome)(index / MaxErrno), index % MaxErrno, count))
            .Where(entry => entry.count > 0);

    /// <summary>Malformed responses by what was wrong with them, where that is known, without zeros.</summary>
    public IEnumerable<(ResponseFault Fault, long Count)> MalformedByFault =>
        _byFault.Select((count, fault) => ((ResponseFault)fault, count)).Where(entry => entry.count > 0);

    /// <summary>A request has started.</summary>
    public void AddStarted() => Started++;

    /// <summary>A request has ended or was not sent.</summary>
    public void Add(in RequestRecord record)
    {
        _byOutcome[(int)record.Outcome]++;
        if (record.Outcome.IsNotSent())
            return;
        Ended++;
        if (record.Outcome is Outcome.Response)
            _byStatus[Math.Clamp(record.Status, 0, MaxStatus - 1)]++;
        else
            _byErrno[((int)record.Outcome * MaxErrno) + Math.Clamp(record.Errno, 0, MaxErrno - 1)]++;
        if (record is { Outcome: Outcome.Malformed, Fault: not ResponseFault.None })
            _byFault[(int)record.Fault]++;
    }

    /// <summary>What does not add up once an attack has ended; empty when everything does.</summary>
    public IReadOnlyList<string> Discrepancies()
    {
        var found = new List<string>();
        if (Intended != Started + NotSent)
            found.Add($"intended {Intended} ≠ sent {Started} + not sent {NotSent}");
        var statuses = _byStatus.Sum();
        var errors = _byErrno.Sum();
        if (Started != statuses + errors)
            found.Add($"sent {Started} ≠ responses {statuses} + errors {errors}");
        return found;
    }

    /// <summary>A copy that no longer changes.</summary>
    public AttackAccounting Copy()
    {
        var copy = new AttackAccounting();
        copy.Merge(this);
        return copy;
    }

    /// <summary>Adds the counts of another attack; exact.</summary>
    public void Merge(AttackAccounting other)
    {
        ArgumentNullException.ThrowIfNull(other);
        (Intended, Started, Ended) = (Intended + other.Intended, Started + other.Started, Ended + other.Ended);
        Sum(_byStatus, other._byStatus);
        Sum(_byOutcome, other._byOutcome);
        Sum(_byErrno, other._byErrno);
        Sum(_byFault, other._byFault);
    }

    /// <summary>The two equations with their numbers, one per line, and a line per discrepancy.</summary>
    public void WriteTo(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var (limited, overdue) = (this[Outcome.NotSent], this[Outcome.Overdue]);
        writer.Write($"intended {Intended} = sent {Started} + not sent {NotSent} ");
        writer.WriteLine($"(in flight limit {limited}, overdue {overdue})");
        writer.WriteLine($"sent {Started} = {string.Join(" + ", Parts().DefaultIfEmpty("0"))}");
        foreach (var discrepancy in Discrepancies())
            writer.WriteLine($"does not add up: {discrepancy}");
    }

    /// <summary>What became of the requests that have ended: <c>590 × 200</c>, <c>2 × connect refused
    /// ECONNREFUSED</c>.</summary>
    public IEnumerable<string> Parts() =>
        ResponsesByStatus
            .Select(entry => $"{entry.Count} × {entry.Status}")
            .Concat(
                ErrorsByKind.Select(entry =>
                    $"{entry.Count} × {Describe(entry.Outcome, entry.Errno)}"
                    + (entry.Outcome is Outcome.Malformed ? Faults(entry.Count) : "")
                )
            );

    /// <summary>What was wrong with malformed responses, in parentheses; empty when unknown.</summary>
    private string Faults(long malformed)
    {
        var faults = MalformedByFault.ToList();
        return faults switch
        {
            [] => "",
            [var (fault, count)] when count == malformed => $" ({fault.Describe()})",
            _ => $" ({string.Join(", ", faults.Select(f => $"{f.Count} × {f.Fault.Describe()}"))})",
        };
    }

    /// <summary>A bucket in words, with the errno's name where one adds something.</summary>
    public static string Describe(Outcome outcome, int errno)
    {
        var words = outcome switch
        {
            Outcome.PortsExhausted => "client ports exhausted",
            Outcome.ConnectTimeout => "connect timeout",
            Outcome.ConnectRefused => "connect refused",
            Outcome.ConnectError => "connect error",
            Outcome.NoAnswer => "no answer",
            Outcome.ClosedEarly => "closed early",
            Outcome.NotSent => "not sent",
            Outcome.Unknown => "unknown error",
            _ => outcome.ToString().ToLowerInvariant(),
        };
        return errno == 0 ? words : $"{words} {Errno.Name(errno)}";
    }

    private static void Sum(long[] into, long[] from)
    {
        for (var i = 0; i < into.Length; i++)
            into[i] += from[i];
    }
}
