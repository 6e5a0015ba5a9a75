using System.Text.Json.Serialization;

namespace CiliumDebugging.LoadTest.Contract;

/// <summary>The state of an attack.</summary>
/// <param name="EpochUnixSeconds">The attack's epoch on the Pod's clock, seconds since 1970.</param>
/// <param name="SourceAddress">Client address.</param>
/// <param name="Intended">Requests intended so far.</param>
/// <param name="Sent">Requests sent.</param>
/// <param name="NotSent">Requests not sent.</param>
/// <param name="Ended">Sent requests whose outcome is known.</param>
/// <param name="Running">Whether the attack still sends or waits.</param>
/// <param name="Discrepancies">What does not add up; empty.</param>
/// <param name="Engine">The engine's name.</param>
public sealed record AttackState(
    double EpochUnixSeconds,
    string? SourceAddress,
    long Intended,
    long Sent,
    long NotSent,
    long Ended,
    bool Running,
    IReadOnlyList<string> Discrepancies,
    string Engine
);
