using CiliumDebugging.Lab.Scenarios;

namespace CiliumDebugging.Lab.Running.Existing;

/// <summary>Starts the captures of a sysdump when the last phase begins.</summary>
/// <param name="inner">Receives every call.</param>
/// <param name="scenario">The scenario as it runs.</param>
/// <param name="begin">Starts the captures, for the length of the phase.</param>
internal sealed class CaptureListener(IRunListener inner, Scenario scenario, Action<TimeSpan> begin)
    : ForwardingRunListener(inner)
{
    private readonly PhaseStep _last = scenario.Steps.OfType<PhaseStep>().Last();

    public override void OnPhase(PhaseStep phase)
    {
        if (ReferenceEquals(phase, _last))
            begin(phase.Duration);
        base.OnPhase(phase);
    }
}
