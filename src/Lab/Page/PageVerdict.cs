using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Page;

/// <summary>A verdict with its evidence.</summary>
public sealed record PageVerdict
{
    public VerdictKind Kind { get; init; }

    /// <summary>In one line.</summary>
    public string Text { get; init; } = "";

    /// <summary>ln of the e-value of "skewed".</summary>
    public double LogSkewed { get; init; }

    /// <summary>ln of the e-value of "even".</summary>
    public double LogEven { get; init; }

    /// <summary>ln(1/α): enough for a decision.</summary>
    public double LogThreshold { get; init; }

    /// <summary>Observations evaluated.</summary>
    public long Connections { get; init; }

    /// <summary>Expected further connections to a decision; null when none is in sight.</summary>
    public long? Further { get; init; }

    /// <summary>Load of the busiest Pod relative to its fair load; null without data.</summary>
    public double? MaxOverMean { get; init; }

    /// <summary>Number of equally loaded Pods that would concentrate the load as much; null without data.</summary>
    public double? EffectiveBackends { get; init; }

    /// <summary>The verdict of a status; null before there is one.</summary>
    public static PageVerdict? Of(RunStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        if (status.Verdict is not { } verdict)
            return null;
        var measures = SkewMeasures.Of(verdict);
        return new PageVerdict
        {
            Kind = verdict.Kind,
            Text = status.VerdictText,
            LogSkewed = Finite(verdict.LogEvidenceSkewed),
            LogEven = Finite(verdict.LogEvidenceEven),
            LogThreshold = -Math.Log(verdict.ErrorProbability ?? VerdictOptions.Default.ErrorProbability),
            Connections = verdict.Connections,
            Further = verdict.FurtherConnections,
            MaxOverMean = Rounded(measures?.MaxOverMean),
            EffectiveBackends = Rounded(measures?.EffectiveBackends),
        };
    }

    /// <summary>Evidence as JSON and charts can show it: at most 1000 in either direction.</summary>
    internal static double Finite(double value) =>
        double.IsNaN(value) ? 0 : Math.Round(Math.Clamp(value, -1000, 1000), 2);

    private static double? Rounded(Measure? measure) =>
        measure is { Estimate: var value } && double.IsFinite(value) ? Math.Round(value, 3) : null;
}
