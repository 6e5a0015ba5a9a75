using System.Text.Json.Serialization;

namespace CiliumDebugging.LoadTest.Contract;

/// <summary>One request's record, as a Pod sends it to the client that ordered the attack. Times are seconds since the
/// attack's epoch.</summary>
/// <param name="Seq">Number in the order of intended starts, from 0.</param>
/// <param name="Due">Intended start, s.</param>
/// <param name="Start">Start, s.</param>
/// <param name="End">End, s.</param>
/// <param name="Port">Source port; 0 when none was used.</param>
/// <param name="Conn">Connection number; -1 when none was made.</param>
/// <param name="Nth">Request on the connection, from 0.</param>
/// <param name="Outcome">Bucket.</param>
/// <param name="Status">HTTP status; 0 without a response.</param>
/// <param name="Pod">Pod that says it answered; null when none says so.</param>
/// <param name="Node">Its node.</param>
/// <param name="Bytes">Bytes received.</param>
/// <param name="Errno">Error number; 0 for none.</param>
public sealed record RecordLine(
    long Seq,
    double Due,
    double Start,
    double End,
    int Port,
    long Conn,
    int Nth,
    Outcome Outcome,
    int Status,
    string? Pod,
    string? Node,
    long Bytes,
    int Errno
);
