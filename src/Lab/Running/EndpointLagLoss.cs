using static System.FormattableString;

namespace CiliumDebugging.Lab.Running;

/// <summary>What is known of the Pods that a change of a Deployment ends.</summary>
/// <param name="AnswerSeconds">A: how long a Pod answers after its deletion: its <c>lifecycle.preStop.sleep</c>.</param>
/// <param name="Surge">How many Pods beyond its size the Deployment may have meanwhile.</param>
internal sealed record EndingPods(double AnswerSeconds, int Surge);

/// <summary>
/// Requests that are lost while Pods end. A Pod answers for A seconds after its deletion, and the nodes choose it for L
/// seconds: of r requests per second it gets 1/N, so that r · (1/N) · max(0, L − A) are lost for each Pod that goes.
/// </summary>
/// <param name="Rate">r: requests per second.</param>
/// <param name="Pods">N: Pods before the change.</param>
/// <param name="Removed">Pods that the change ended.</param>
/// <param name="LagSeconds">L: how long after a change of the endpoints the nodes know of it.</param>
/// <param name="Ending">The Pods that end.</param>
/// <param name="Reaction">
/// How long the control plane, and a program, may take to react, s: L − A is known up to it.
/// </param>
internal sealed record EndpointLagLoss(
    double Rate,
    int Pods,
    int Removed,
    double LagSeconds,
    EndingPods Ending,
    double Reaction
)
{
    /// <summary>Counts may differ from their expectation by this many standard errors.</summary>
    private const double StandardErrors = 4;

    /// <summary>The expected number of lost requests.</summary>
    public double Expected => Lost(0, Pods);

    /// <summary>
    /// The interval of the count. A surge makes the share smaller; what reaches a Pod is binomial, with a variance of at
    /// most its mean.
    /// </summary>
    public (double From, double To) Interval
    {
        get
        {
            var (least, most) = (Lost(-Reaction, Pods + Ending.Surge), Lost(Reaction, Pods));
            return (
                Math.Max(0, Math.Floor(least - StandardErrors * Math.Sqrt(least))),
                Math.Ceiling(most + StandardErrors * Math.Sqrt(most))
            );
        }
    }

    private double Lost(double later, int among) =>
        Removed * Rate / Math.Max(among, 1) * Math.Max(0, LagSeconds - Ending.AnswerSeconds + later);

    /// <summary>The formula with its numbers.</summary>
    public string Formula =>
        Invariant(
            $"{Removed} · {Rate:0.##}/s · 1/{Pods} · max(0, {LagSeconds:0.##} s − {Ending.AnswerSeconds:0.##} s)"
        );
}
