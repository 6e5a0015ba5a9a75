using System.Diagnostics;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Records;

namespace CiliumDebugging.LoadTest.Attack.Engines;

/// <summary>The request that a slot sends: the target's own bytes, or a copy with a traceparent of its own where the
/// attack is traced. A mutable struct: keep it in a field.</summary>
internal struct TracedRequest
{
    private byte[]? _copy;
    private Activity? _span;

    /// <summary>The bytes to send; their address does not move.</summary>
    public byte[] Bytes { get; private set; }

    /// <summary>How many of them.</summary>
    public int Length { get; private set; }

    /// <summary>Begins the request number <paramref name="sequence"/> to the target with this index.</summary>
    public void Begin(AttackContext context, int target, long sequence, TimeSpan start)
    {
        var prepared = context.Requests[target];
        (Bytes, Length, _span) = (prepared.Bytes, prepared.Bytes.Length, null);
        if (context.Tracer is not { } tracer)
            return;
        var traceParent = Span<byte>.Empty;
        if (prepared.TraceParentAt >= 0)
        {
            _copy ??= GC.AllocateUninitializedArray<byte>(
                context.Requests.Max(request => request.Bytes.Length),
                pinned: true
            );
            prepared.Bytes.CopyTo(_copy.AsSpan());
            Bytes = _copy;
            traceParent = _copy.AsSpan(prepared.TraceParentAt, TraceParent.Length);
        }
        _span = tracer.Begin(context.Plan.Targets[target], sequence, start, traceParent);
    }

    /// <summary>The request has ended.</summary>
    public void End(AttackContext context, in RequestRecord record)
    {
        if (_span is null)
            return;
        context.Tracer!.End(_span, record);
        _span = null;
    }
}
