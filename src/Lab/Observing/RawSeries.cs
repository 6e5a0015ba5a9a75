using System.Collections.Immutable;

namespace CiliumDebugging.Lab.Observing;

/// <summary>A series as it was scraped.</summary>
/// <param name="Labels">Its labels, with <c>__name__</c>.</param>
/// <param name="Samples">Times (s since 1970) and values, in order of time, each time once.</param>
internal sealed record RawSeries(
    ImmutableSortedDictionary<string, string> Labels,
    ImmutableArray<(double At, double Value)> Samples
)
{
    /// <summary>A label's value; empty when there is none.</summary>
    public string this[string label] => Labels.GetValueOrDefault(label, "");

    /// <summary>Its metric.</summary>
    public string Metric => this["__name__"];

    /// <summary>The labels as a text, different for each series of an answer.</summary>
    public string Identity => string.Join('\u0001', Labels.Select(l => $"{l.Key}\u0002{l.Value}"));

    /// <summary>The value that was scraped at a moment; null without one.</summary>
    public double? At(double at) =>
        IndexAtOrBefore(at) is >= 0 and var i && Samples[i].At == at ? Samples[i].Value : null;

    /// <summary>
    /// The values of the last sample at least <paramref name="distance"/> before a moment and of the first one at
    /// least that long after it; null where one of them is missing.
    /// </summary>
    public (double Before, double After)? Around(double at, double distance)
    {
        var before = IndexAtOrBefore(at - distance);
        var after = IndexAtOrBefore(at + distance);
        if (after < 0 || Samples[after].At < at + distance)
            after++;
        return before >= 0 && after < Samples.Length ? (Samples[before].Value, Samples[after].Value) : null;
    }

    /// <summary>Whether another series is the same counter, by its metric and the metric's own labels.</summary>
    public bool SameCounter(RawSeries other, Func<string, bool> isOwn) =>
        Labels.Where(l => isOwn(l.Key)).SequenceEqual(other.Labels.Where(l => isOwn(l.Key)));

    private int IndexAtOrBefore(double at)
    {
        var (low, high) = (0, Samples.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (Samples[middle].At <= at)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return high;
    }
}
