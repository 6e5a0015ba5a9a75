namespace CiliumDebugging.LoadTest.Attack.Plan;

/// <summary>Limits of a response; beyond them it is malformed, so that no server can make the client use more memory or
/// time.</summary>
/// <param name="MaxHeadBytes">Status line, headers, interim responses and trailers together; default 64 KiB.</param>
/// <param name="MaxBodyBytes">How far a body is read; default 1 GiB. It is counted, not kept.</param>
/// <param name="MaxKeptBodyBytes">How much of the body is kept for recognising the responder; default 64 KiB.</param>
public sealed record ResponseLimits(
    int MaxHeadBytes = 64 * 1024,
    long MaxBodyBytes = 1L << 30,
    int MaxKeptBodyBytes = 64 * 1024
)
{
    /// <summary>The defaults.</summary>
    public static ResponseLimits Default { get; } = new();
}
