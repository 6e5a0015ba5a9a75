using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace CiliumDebugging.Lab.Page;

/// <summary>A verdict with its evidence.</summary>
/// <param name="Kind"><c>even</c>, <c>skewed</c> or <c>undecided</c>.</param>
/// <param name="Text">In one line.</param>
/// <param name="LogSkewed">ln e-value of "skewed".</param>
/// <param name="LogEven">ln e-value of "even".</param>
/// <param name="LogThreshold">ln(1/α): enough for a decision.</param>
/// <param name="Connections">Observations judged.</param>
/// <param name="Further">Expected further connections to a decision; null when none is in sight.</param>
/// <param name="MaxOverMean">Load of the busiest Pod relative to its fair load; null without data.</param>
/// <param name="EffectiveBackends">Number of equally loaded Pods that would concentrate the load as much; null without data.</param>
public sealed record PageVerdict(
    string Kind,
    string Text,
    double LogSkewed,
    double LogEven,
    double LogThreshold,
    long Connections,
    long? Further,
    double? MaxOverMean,
    double? EffectiveBackends
);
