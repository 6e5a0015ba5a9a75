namespace CiliumDebugging.LoadTest.Attack.Http;

/// <summary>A target's request as bytes.</summary>
/// <param name="Bytes">The bytes, at an address that does not move.</param>
/// <param name="TraceParentAt">Where the value of the header <c>traceparent</c> begins, to be written over for each
/// request; -1 when there is none.</param>
internal sealed record PreparedRequest(byte[] Bytes, int TraceParentAt);
