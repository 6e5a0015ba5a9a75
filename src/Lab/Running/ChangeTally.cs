using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.Lab.Running;

/// <summary>
/// The requests that started between two phases: while backends, policies or settings were changing, or no Pod was
/// ready. Not thread-safe.
/// </summary>
internal sealed class ChangeTally
{
    /// <summary>A change of more Pods than this is not counted by Pod.</summary>
    private const int MaxPods = 1000;

    private readonly Dictionary<string, (long Ok, long Failed)> _byPod = new(StringComparer.Ordinal);

    public OutcomeTally Outcomes { get; } = new();

    /// <summary>Successes and other answers by the Pod that gave them.</summary>
    public IReadOnlyDictionary<string, (long Ok, long Failed)> ByPod => _byPod;

    /// <summary>
    /// Starts of the first and the last request that failed, s since the attack's epoch; null: none did.
    /// </summary>
    public (double First, double Last)? Failing { get; private set; }

    /// <summary>
    /// From the first look that saw no ready Pod to the first that saw one, s since the attack's epoch, infinite while
    /// there is none; null: there always was one.
    /// </summary>
    public (double From, double To)? WithoutPod { get; set; }

    public bool IsEmpty => Outcomes is { Requests: 0, NotSent: 0 };

    public void Add(RecordLine record)
    {
        if (!Outcomes.Add(record))
            return;
        var ok = OutcomeTally.IsOk(record);
        if (!ok)
            Fail(record.Start, record.Start);
        if (record.Pod is { } pod && (_byPod.Count < MaxPods || _byPod.ContainsKey(pod)))
            AddPod(pod, ok ? 1 : 0, ok ? 0 : 1);
    }

    /// <summary>Adds what another one counted.</summary>
    public void Add(ChangeTally other)
    {
        Outcomes.Add(other.Outcomes);
        if (other.Failing is { } failing)
            Fail(failing.First, failing.Last);
        foreach (var (pod, (ok, failed)) in other._byPod)
            AddPod(pod, ok, failed);
        WithoutPod ??= other.WithoutPod;
    }

    private void Fail(double first, double last) =>
        Failing = (Math.Min(Failing?.First ?? first, first), Math.Max(Failing?.Last ?? last, last));

    private void AddPod(string pod, long ok, long failed)
    {
        var (okSoFar, failedSoFar) = _byPod.GetValueOrDefault(pod);
        _byPod[pod] = (okSoFar + ok, failedSoFar + failed);
    }
}
