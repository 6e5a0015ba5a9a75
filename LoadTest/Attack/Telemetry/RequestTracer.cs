using System.Diagnostics;
using System.Net;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.LoadTest.Attack.Telemetry;

/// <summary>Makes a client span for each sampled request, the root of a trace of its own, by OpenTelemetry's
/// conventions for HTTP clients. Exists only while somebody listens to <see cref="SourceName"/>; a request that is not
/// sampled allocates nothing.</summary>
internal sealed class RequestTracer
{
    /// <summary>Name of the activity source.</summary>
    public const string SourceName = "LoadTest";

    private static readonly ActivitySource s_source = new(SourceName);

    private readonly AttackPlan _plan;
    private readonly DateTime _epoch;
    private readonly SpanSampling _sampling;

    private RequestTracer(AttackPlan plan, AttackClock clock)
    {
        _plan = plan;
        _epoch = clock.StartedAt.UtcDateTime;
        _sampling = new SpanSampling(plan.RatePerSecond, plan.TracesPerSecond);
    }

    /// <summary>The tracer of an attack; null without a listener.</summary>
    public static RequestTracer? For(AttackPlan plan, AttackClock clock) =>
        s_source.HasListeners() ? new RequestTracer(plan, clock) : null;

    /// <summary>Begins a request.</summary>
    /// <param name="target">Its target.</param>
    /// <param name="sequence">Its number.</param>
    /// <param name="start">When it started.</param>
    /// <param name="traceParent">Gets the header's value; empty when the request has no room for it.</param>
    /// <returns>Its span, to be given to <see cref="End"/>; null when it is not sampled.</returns>
    public Activity? Begin(AttackTarget target, long sequence, TimeSpan start, Span<byte> traceParent)
    {
        var span = _sampling.Takes(start, Random.Shared.NextDouble()) ? Start(target, sequence, start) : null;
        if (traceParent.IsEmpty)
            return span;
        if (span is null)
            TraceParent.WriteUnsampled(traceParent);
        else
            TraceParent.Write(span, traceParent);
        return span;
    }

    /// <summary>Ends a span with what became of its request.</summary>
    public void End(Activity span, in RequestRecord ended)
    {
        var record = ended.Within(_plan.Timeout);
        if (record.Status > 0)
            span.SetTag("http.response.status_code", record.Status);
        if (record.SourcePort > 0)
            span.SetTag("network.local.port", record.SourcePort);
        if (record.Pod is not null)
            span.SetTag(TelemetryNames.ResponderPod, record.Pod);
        if (record.Node is not null)
            span.SetTag(TelemetryNames.ResponderNode, record.Node);
        span.SetTag("loadtest.connection", record.Connection);
        span.SetTag("loadtest.late_seconds", record.Blocked.TotalSeconds);
        if (TelemetryNames.ErrorType(record) is { } error)
        {
            span.SetTag("error.type", error);
            span.SetStatus(ActivityStatusCode.Error, record.ErrnoName);
        }
        span.SetEndTime(_epoch + record.End);
        span.Stop();
    }

    private Activity? Start(AttackTarget target, long sequence, TimeSpan start)
    {
        // A span would become the child of what is current, and current itself: requests overlap on one thread and have
        // nothing to do with each other.
        Activity.Current = null;
        var span = s_source.CreateActivity(
            SpanNames.Of(target.Method, target.Host),
            ActivityKind.Client,
            default(ActivityContext)
        );
        if (span is null)
            return null;
        span.SetStartTime(_epoch + start);
        span.Start();
        Activity.Current = null;
        var (host, port) = TelemetryNames.ServerOf(target);
        span.SetTag("http.request.method", target.Method);
        span.SetTag("url.full", $"{(target.IsTls ? "https" : "http")}://{target.Host}{target.Path}");
        span.SetTag("server.address", host);
        span.SetTag("server.port", port);
        span.SetTag("network.peer.address", target.EndPoint.Address.ToString());
        span.SetTag("network.peer.port", target.EndPoint.Port);
        if (_plan.SourceAddress is IPAddress source)
            span.SetTag("network.local.address", source.ToString());
        span.SetTag("loadtest.sequence", sequence);
        return span;
    }
}
