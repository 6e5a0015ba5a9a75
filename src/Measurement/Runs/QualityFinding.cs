namespace CiliumDebugging.Measurement.Runs;

/// <summary>Something a reader must know before believing a verdict on scraped counters.</summary>
/// <param name="Fails">Whether it forbids a verdict.</param>
public sealed record QualityFinding(bool Fails, string Text)
{
    /// <summary>More scrapes alone will resolve it.</summary>
    public bool Early { get; init; }
}
