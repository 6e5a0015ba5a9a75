namespace CiliumDebugging.LoadTest.Contract;

/// <summary>The state of an attack.</summary>
public sealed record AttackState
{
    /// <summary>The attack's epoch on the Pod's clock, seconds since 1970.</summary>
    public double EpochUnixSeconds { get; init; }

    /// <summary>Client address; null: the kernel's choice.</summary>
    public string? SourceAddress { get; init; }

    /// <summary>Requests intended so far.</summary>
    public long Intended { get; init; }

    public long Sent { get; init; }

    public long NotSent { get; init; }

    /// <summary>Sent requests whose outcome is known.</summary>
    public long Ended { get; init; }

    /// <summary>Whether the attack still sends or waits.</summary>
    public bool Running { get; init; }

    /// <summary>Whether its records are being read.</summary>
    public bool Followed { get; init; }

    /// <summary>What does not add up; normally empty.</summary>
    public IReadOnlyList<string> Discrepancies { get; init; } = [];

    /// <summary>Name of the engine.</summary>
    public string Engine { get; init; } = "";
}
