namespace CiliumDebugging.LoadTest.Contract;

/// <summary>One request's record, as a Pod sends it to the client that ordered the attack. Times are seconds since the
/// attack's epoch.</summary>
public sealed record RecordLine
{
    /// <summary>Number in the order of intended starts, from 0.</summary>
    public long Seq { get; init; }

    /// <summary>Intended start, s.</summary>
    public double Due { get; init; }

    /// <summary>Start, s.</summary>
    public double Start { get; init; }

    /// <summary>End, s.</summary>
    public double End { get; init; }

    /// <summary>Source port; 0 when none was used.</summary>
    public int Port { get; init; }

    /// <summary>Connection number; -1 when none was made.</summary>
    public long Conn { get; init; }

    /// <summary>Request on the connection, from 0.</summary>
    public int Nth { get; init; }

    public Outcome Outcome { get; init; }

    /// <summary>HTTP status; 0 without a response.</summary>
    public int Status { get; init; }

    /// <summary>Pod named in the response; null when it names none.</summary>
    public string? Pod { get; init; }

    /// <summary>That Pod's node.</summary>
    public string? Node { get; init; }

    /// <summary>Bytes received.</summary>
    public long Bytes { get; init; }

    /// <summary>Error number; 0 for none.</summary>
    public int Errno { get; init; }

    /// <summary>Whether the client had no port, file or memory for it (errno of Linux: ENOMEM, ENFILE, EMFILE,
    /// EADDRNOTAVAIL, ENOBUFS): it says nothing about what it was meant for.</summary>
    public bool IsClientsOwnFailure() =>
        Outcome is Outcome.PortsExhausted || Outcome is Outcome.ConnectError && Errno is 12 or 23 or 24 or 99 or 105;
}
