using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Control;

/// <summary>
/// Structured log lines of a run: steps, events, the verdict, the diagnosis and failures, each when it changes. Skew
/// and its diagnosis are warnings; failing requests and a failed run are errors.
/// </summary>
public sealed partial class RunLog(ILogger logger)
{
    private PageState _said = PageState.Empty;

    /// <summary>Logs what is new since the last call.</summary>
    public void Say(PageState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var sameRun = state.Scenario == _said.Scenario && state.At >= _said.At;
        var last = sameRun && !_said.Events.IsEmpty ? _said.Events[^1].At : double.NegativeInfinity;
        foreach (var happened in state.Events.Where(e => e.At > last))
            LogEvent(state.Scenario, happened.Name, happened.At);
        if (state.Failure is { } failure && failure != _said.Failure)
            LogFailure(state.Scenario, failure);
        else if (state.Failure is null && state.Step.Length > 0 && state.Step != _said.Step)
            LogStep(state.Scenario, state.Step);
        if (IsFailing(state) && !IsFailing(_said))
            LogFailing(state.Scenario, state.Situation.Headline, state.Situation.Silent);
        var level = state.Verdict?.Kind is VerdictKind.Skewed ? LogLevel.Warning : LogLevel.Information;
        if (state.Verdict is { } verdict && verdict.Kind != _said.Verdict?.Kind)
        {
            var kind = verdict.Kind.ToString().ToLowerInvariant();
            LogVerdict(level, state.Scenario, kind, verdict.Text);
        }
        if (state.Diagnosis is { } diagnosis && (diagnosis.Name != _said.Diagnosis?.Name || Worsened(state)))
            LogDiagnosis(level, state.Scenario, diagnosis.Name, diagnosis.Sentence);
        _said = state;
    }

    /// <summary>Whether the verdict became skewed after the diagnosis had been logged as information.</summary>
    private bool Worsened(PageState state) =>
        state.Verdict?.Kind is VerdictKind.Skewed && _said.Verdict is { Kind: not VerdictKind.Skewed };

    private static bool IsFailing(PageState state) => state.Situation.Kind is RunStatusKind.Failing;

    [LoggerMessage(Level = LogLevel.Information, Message = "{Scenario}: {Step}")]
    private partial void LogStep(string scenario, string step);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Scenario}: {Event} at {AtSeconds} s")]
    private partial void LogEvent(string scenario, string @event, double atSeconds);

    [LoggerMessage(Message = "{Scenario}: delivery is {Verdict}: {Text}")]
    private partial void LogVerdict(LogLevel level, string scenario, string verdict, string text);

    [LoggerMessage(Message = "{Scenario}: the diagnosis is {Diagnosis}: {Sentence}")]
    private partial void LogDiagnosis(LogLevel level, string scenario, string diagnosis, string sentence);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Scenario}: requests fail. {Headline}. {Missing}")]
    private partial void LogFailing(string scenario, string headline, string missing);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Scenario}: the run failed: {Reason}")]
    private partial void LogFailure(string scenario, string reason);
}
