using System.Collections.Immutable;
using System.Reflection;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>A decorator that keeps a call to itself leaves the page without charts.</summary>
public class ForwardingRunListenerTests
{
    private static readonly Scenario s_scenario = ScenarioCatalog.Load("two-sided-l7");

    private static readonly Type[] s_listeners =
    [
        .. typeof(IRunListener).Assembly.GetTypes().Where(t => t.IsClass && t.IsAssignableTo(typeof(IRunListener))),
    ];

    [Theory]
    [InlineData(typeof(LiveStateListener))]
    [InlineData(typeof(CaptureListener))]
    public void A_decorator_passes_every_call_on(Type decorator)
    {
        var inner = DispatchProxy.Create<IRunListener, CallRecorder>();
        var calls = ((CallRecorder)(object)inner).Calls;
        IRunListener listener =
            decorator == typeof(LiveStateListener)
                ? new LiveStateListener(new LiveState(TimeProvider.System), inner)
                : new CaptureListener(inner, s_scenario, _ => { });

        foreach (var method in typeof(IRunListener).GetMethods())
        {
            object?[] arguments = [.. method.GetParameters().Select(p => Argument(p.ParameterType))];
            method.Invoke(listener, arguments);
            var call = calls.ShouldHaveSingleItem();
            call.Method.Name.ShouldBe(method.Name);
            call.Arguments.ShouldBe(arguments);
            calls.Clear();
        }
    }

    [Fact]
    public void Every_decorator_inherits_the_base_and_is_tested_above()
    {
        var decorators = s_listeners.Where(t =>
            !t.IsAbstract
            && t.GetConstructors()
                .Any(c => c.GetParameters().Any(p => p.ParameterType.IsAssignableTo(typeof(IRunListener))))
        );
        decorators.ShouldBe([typeof(LiveStateListener), typeof(CaptureListener)], ignoreOrder: true);
        decorators.ShouldAllBe(t => t.IsSubclassOf(typeof(ForwardingRunListener)));
    }

    [Fact]
    public void The_interface_has_no_default_that_a_listener_could_miss() =>
        typeof(IRunListener).GetMethods().ShouldAllBe(method => method.IsAbstract);

    [Fact]
    public void Captures_begin_with_the_last_phase_itself_and_not_with_words_or_a_phase_like_it()
    {
        var last = new PhaseStep("observe", TimeSpan.FromSeconds(6));
        var scenario = s_scenario with { Steps = [new PhaseStep("baseline", TimeSpan.FromSeconds(3)), last] };
        var begun = new List<TimeSpan>();
        var listener = new CaptureListener(DispatchProxy.Create<IRunListener, CallRecorder>(), scenario, begun.Add);

        listener.OnStep("observe: 6 s at 50 requests/s");
        listener.OnPhase((PhaseStep)scenario.Steps[0]);
        listener.OnPhase(last with { });
        begun.ShouldBeEmpty();

        listener.OnPhase(last);
        begun.ShouldBe([last.Duration]);
    }

    private static object Argument(Type type) =>
        type == typeof(string) ? "text"
        : type == typeof(ClusterIdentity) ? ClusterIdentity.Unknown
        : type == typeof(PhaseStep) ? s_scenario.Steps.OfType<PhaseStep>().First()
        : type == typeof(LiveSample) ? new LiveSample("observe", TimeSpan.FromSeconds(1), 1, [])
        : type == typeof(SeriesSample) ? SampleRun.Create().Details.Series[0]
        : type == typeof(RunReport) ? SampleRun.Create()
        : type == typeof(ImmutableArray<BackendPod>) ? SampleRun.Pods
        : throw new ArgumentException($"no example of {type}", nameof(type));

    /// <summary>A listener that records its calls.</summary>
    public class CallRecorder : DispatchProxy
    {
        internal List<(MethodInfo Method, object?[]? Arguments)> Calls { get; } = [];

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            Calls.Add((targetMethod!, args));
            return targetMethod!.ReturnType == typeof(bool) ? false : null;
        }
    }
}
