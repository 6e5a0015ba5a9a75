using CiliumDebugging.LoadTest.Page;

namespace CiliumDebugging.ClusterSetup.Steering;

/// <summary>What happens in a run as structured log lines: steps, events, the verdict and the mechanism when they change. Call it with one state after the other.</summary>
/// <param name="logger">Where they go.</param>
public sealed partial class RunLog(ILogger logger)
{
    private LabState _said = LabState.Empty;

    /// <summary>Says what is new in a state.</summary>
    public void Say(LabState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var last = state.Scenario == _said.Scenario && state.At >= _said.At && !_said.Events.IsEmpty ? _said.Events[^1].At : double.NegativeInfinity;
        foreach (var happened in state.Events.Where(e => e.At > last)) LogEvent(state.Scenario, happened.Name, happened.At);
        if (state.Step.Length > 0 && state.Step != _said.Step) LogStep(state.Scenario, state.Step);
        if (state.Verdict is { } verdict && verdict.Kind != _said.Verdict?.Kind) LogVerdict(state.Scenario, verdict.Kind, verdict.Text);
        if (state.Diagnosis is { } diagnosis && diagnosis.Name != _said.Diagnosis?.Name) LogDiagnosis(state.Scenario, diagnosis.Name, diagnosis.Sentence);
        _said = state;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Scenario}: {Step}")]
    private partial void LogStep(string scenario, string step);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Scenario}: {Event} at {AtSeconds} s")]
    private partial void LogEvent(string scenario, string @event, double atSeconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Scenario}: delivery is {Verdict}: {Text}")]
    private partial void LogVerdict(string scenario, string verdict, string text);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Scenario}: the diagnosis is {Diagnosis}: {Sentence}")]
    private partial void LogDiagnosis(string scenario, string diagnosis, string sentence);
}
