using System.Diagnostics.Metrics;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.Lab.Tests.Control;

/// <summary>Metrics and logs of a run.</summary>
public sealed class RunTelemetryTests
{
    private static readonly PageState s_state = PageState.Empty with
    {
        Activity = PageActivity.Running,
        Scenario = "two-sided-l7",
        Step = "observe",
        At = 12,
        FailedPerSecond = 33,
        Verdict = new PageVerdict
        {
            Kind = VerdictKind.Skewed,
            Text = "skewed beyond ±15 %",
            LogSkewed = 9,
            LogEven = -3,
            LogThreshold = 6.9,
            Connections = 500,
            MaxOverMean = 3,
            EffectiveBackends = 1,
        },
        Responses =
        [
            new ResponseCount("backend-1-a", "cluster-worker3", 200, 17),
            new ResponseCount(null, null, 503, 33),
        ],
        Events = [new EventInfo("load-test-policy.yaml was applied", 3)],
    };

    [Fact]
    public void Responses_are_counted_by_pod_node_and_status_and_each_quantity_is_a_gauge_of_its_own()
    {
        using var meter = new Meter($"test-{Guid.NewGuid()}");
        RunTelemetry.Instrument(meter, () => s_state);
        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter == meter)
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>(
            (instrument, value, tags, _) =>
                values[$"{instrument.Name} {string.Join(' ', tags.ToArray().Select(t => $"{t.Key}={t.Value}"))}"] =
                    value
        );
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => values[instrument.Name] = value);
        listener.Start();

        listener.RecordObservableInstruments();

        values["loadtest.responses pod=backend-1-a node=cluster-worker3 status=200"].ShouldBe(17);
        values["loadtest.responses pod= node= status=503"].ShouldBe(33);
        values["loadtest.verdict"].ShouldBe(2);
        values["loadtest.skew.max_over_mean"].ShouldBe(3);
        values["loadtest.failures.rate"].ShouldBe(33);
        values.ShouldNotContainKey("loadtest.share.busiest"); // there are no rows yet
    }

    [Fact]
    public void Events_steps_and_the_verdict_are_logged_once_each_with_their_values_apart()
    {
        var lines = new Lines();
        var log = new RunLog(lines);

        log.Say(s_state);
        log.Say(s_state with { At = 13 });
        log.Say(
            s_state with
            {
                At = 14,
                Events = [.. s_state.Events, new EventInfo("load-test-policy.yaml was deleted", 14)],
            }
        );
        // Another run of the same scenario.
        log.Say(s_state with { At = 1, Events = [new EventInfo("load-test-policy.yaml was applied", 1)] });

        lines
            .Texts.Where(t => t.Contains(" at ", StringComparison.Ordinal))
            .ShouldBe([
                "two-sided-l7: load-test-policy.yaml was applied at 3 s",
                "two-sided-l7: load-test-policy.yaml was deleted at 14 s",
                "two-sided-l7: load-test-policy.yaml was applied at 1 s",
            ]);
        lines.Texts.Count(t => t.Contains("delivery is skewed", StringComparison.Ordinal)).ShouldBe(1);
        lines.Values.ShouldContain(("Verdict", "skewed"));
    }

    [Fact]
    public void Skew_and_its_diagnosis_are_warnings_failures_are_errors_and_the_rest_is_information()
    {
        var lines = new Lines();
        var log = new RunLog(lines);
        var calm = s_state with
        {
            Verdict = s_state.Verdict! with { Kind = VerdictKind.Even },
            Diagnosis = new DiagnosisInfo("even", "All even.", "", [], [], [], []),
        };

        log.Say(calm);
        log.Say(
            s_state with
            {
                At = 13,
                Diagnosis = calm.Diagnosis! with { Name = "two-sided-l7", Sentence = "HTTP rules on both sides." },
            }
        );
        log.Say(
            s_state with
            {
                At = 14,
                Situation = RunStatus.None with
                {
                    Kind = RunStatusKind.Failing,
                    Headline = "1 of 3 pods answers",
                    Silent = "b: 0.0 successes/s",
                },
            }
        );
        log.Say(s_state with { At = 15, Activity = PageActivity.Ended, Step = "no answer", Failure = "no answer" });

        LogLevel Level(string text) =>
            lines.Levels[lines.Texts.FindIndex(t => t.Contains(text, StringComparison.Ordinal))];
        Level("delivery is even").ShouldBe(LogLevel.Information);
        Level("the diagnosis is even").ShouldBe(LogLevel.Information);
        Level("delivery is skewed").ShouldBe(LogLevel.Warning);
        Level("the diagnosis is two-sided-l7").ShouldBe(LogLevel.Warning);
        Level("requests fail. 1 of 3 pods answers. b: 0.0 successes/s").ShouldBe(LogLevel.Error);
        Level("the run failed: no answer").ShouldBe(LogLevel.Error);
        Level("load-test-policy.yaml was applied").ShouldBe(LogLevel.Information);
        lines.Texts.ShouldNotContain("two-sided-l7: no answer");
    }

    [Fact]
    public void The_host_may_say_which_instance_the_run_is() =>
        RunTelemetry
            .Resource("a row")
            .Build()
            .Attributes.Where(a => a.Key.StartsWith("service.", StringComparison.Ordinal))
            .ToDictionary()
            .ShouldBe(
                new Dictionary<string, object> { ["service.name"] = "distribution", ["service.instance.id"] = "a row" },
                ignoreOrder: true
            );

    private sealed class Lines : ILogger
    {
        public List<LogLevel> Levels { get; } = [];

        public List<string> Texts { get; } = [];

        public List<(string, string?)> Values { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            Levels.Add(logLevel);
            Texts.Add(formatter(state, exception));
            if (state is IReadOnlyList<KeyValuePair<string, object?>> values)
                Values.AddRange(values.Select(v => (v.Key, v.Value?.ToString())));
        }
    }
}
