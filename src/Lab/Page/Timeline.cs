namespace CiliumDebugging.Lab.Page;

/// <summary>One line of a chart.</summary>
/// <param name="Chart">
/// <c>echo</c>, <c>requests</c>, <c>responses</c>, <c>pods</c> (cumulative counts, whose slope is shown) or
/// <c>evidence</c> (values).
/// </param>
/// <param name="Row">Key of the row it belongs to.</param>
/// <param name="Status">HTTP status; 0 where the chart has none.</param>
public readonly record struct TimelineLine(string Chart, string Row, int Status);

/// <summary>
/// The lines of all charts over time, in bounded memory. When it is full, each new sample displaces the old one that is
/// missed least: its gap is divided by its age. The last two minutes stay whole and a night still fits. Counts are
/// cumulative, so the remaining samples stay exact. Not thread-safe.
/// </summary>
public sealed class Timeline
{
    public const int Capacity = 600;

    /// <summary>
    /// 20 rows with echo, requests and several statuses each, lines of replaced Pods, and a line for each of many Pods.
    /// </summary>
    public const int MaxLines = 240 + PodRowBuilder.MaxPods;

    /// <summary>The newest samples, which are never dropped.</summary>
    private const int Whole = 120;

    private readonly List<TimelineLine> _lines = [];
    private readonly Dictionary<TimelineLine, int> _positions = [];
    private readonly List<(double At, double[] Values)> _samples = [];

    /// <summary>Changes with the lines; positions of values are valid for one layout.</summary>
    public int Layout { get; private set; }

    /// <summary>The lines, in the order of the values.</summary>
    public IReadOnlyList<TimelineLine> Lines => _lines;

    /// <summary>
    /// The samples, in order of time. A value is NaN, or missing at the end, before its line existed.
    /// </summary>
    public IReadOnlyList<(double At, double[] Values)> Samples => _samples;

    public void Clear()
    {
        _lines.Clear();
        _positions.Clear();
        _samples.Clear();
        Layout++;
    }

    /// <param name="at">When, s; later than every sample before.</param>
    /// <param name="values">The lines' values.</param>
    /// <returns>Position of the sample that was displaced; −1 for none.</returns>
    public int Add(double at, IReadOnlyCollection<KeyValuePair<TimelineLine, double>> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        foreach (var (line, _) in values.Where(v => !_positions.ContainsKey(v.Key)))
            AddLine(line, values);
        var row = new double[_lines.Count];
        Array.Fill(row, double.NaN);
        foreach (var (line, value) in values)
            if (_positions.TryGetValue(line, out var position))
                row[position] = value;
        _samples.Add((at, row));
        if (_samples.Count <= Capacity)
            return -1;
        var dropped = Dispensable();
        _samples.RemoveAt(dropped);
        return dropped;
    }

    private void AddLine(TimelineLine line, IReadOnlyCollection<KeyValuePair<TimelineLine, double>> now)
    {
        if (_lines.Count == MaxLines && !ForgetLine(now))
            return;
        _positions.Add(line, _lines.Count);
        _lines.Add(line);
        Layout++;
    }

    /// <summary>Makes room by removing the oldest line without a value now. False when all have one.</summary>
    private bool ForgetLine(IReadOnlyCollection<KeyValuePair<TimelineLine, double>> now)
    {
        var gone = _lines.FindIndex(l => now.All(v => v.Key != l));
        if (gone < 0)
            return false;
        _lines.RemoveAt(gone);
        _positions.Clear();
        for (var i = 0; i < _lines.Count; i++)
            _positions.Add(_lines[i], i);
        for (var i = 0; i < _samples.Count; i++)
            if (_samples[i].Values.Length > gone)
                _samples[i] = (_samples[i].At, [.. _samples[i].Values[..gone], .. _samples[i].Values[(gone + 1)..]]);
        return true;
    }

    private int Dispensable()
    {
        var (now, first) = (_samples[^1].At, _samples[0].At);
        var (best, least) = (1, double.PositiveInfinity);
        for (var i = 1; i < _samples.Count - Whole; i++)
        {
            // A gap shows less the older it is; a part of the whole span keeps the oldest samples.
            var loss = (_samples[i + 1].At - _samples[i - 1].At) / (now - _samples[i].At + (now - first) / 8);
            if (loss < least)
                (best, least) = (i, loss);
        }
        return best;
    }
}
