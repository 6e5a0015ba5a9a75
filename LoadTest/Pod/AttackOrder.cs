using System.Text.Json.Serialization;
using CiliumDebugging.LoadTest.Attack;

namespace CiliumDebugging.LoadTest.Pod;

/// <summary>What a load-test Pod is asked to do.</summary>
/// <param name="Url">Target; the host is a Service as <c>name.namespace</c> or a DNS name.</param>
/// <param name="RatePerSecond">Requests per second, more than 0.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Body">Request body, UTF-8; null for none.</param>
/// <param name="TimeoutSeconds">The client's time-out, seconds.</param>
/// <param name="Ports">Client ports as <see cref="ClientPortRange.Parse"/> reads them; null: random odd ports of 32768–60999, as a client that binds a port draws them.</param>
/// <param name="PortSeed">Seed of the port draw; null: random.</param>
/// <param name="KeepAliveConnections">Connections that are kept open; 0: a fresh one for each request.</param>
/// <param name="MaxInFlight">Most requests under way at once, 1 to 1,000,000; one that is due beyond it is not sent, and counted as such. Null: 10,000.</param>
public sealed record AttackOrder(
    Uri Url, double RatePerSecond, string Method = "POST", string? Body = "foo", double TimeoutSeconds = 30, string? Ports = null, int? PortSeed = null, int KeepAliveConnections = 0,
    int? MaxInFlight = null);

/// <summary>One request's record on its way from the Pod to whoever ordered the attack. Times are seconds since the attack's epoch.</summary>
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
    long Seq, double Due, double Start, double End, int Port, long Conn, int Nth, Outcome Outcome, int Status, string? Pod, string? Node, long Bytes, int Errno)
{
    internal static RecordLine From(in RequestRecord r) => new(
        r.Sequence, r.IntendedStart.TotalSeconds, r.Start.TotalSeconds, r.End.TotalSeconds, r.SourcePort, r.Connection, r.RequestOnConnection,
        r.Outcome, r.Status, r.Pod, r.Node, r.BytesReceived, r.Errno);
}

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
    double EpochUnixSeconds, string? SourceAddress, long Intended, long Sent, long NotSent, long Ended, bool Running, IReadOnlyList<string> Discrepancies, string Engine);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AttackOrder))]
[JsonSerializable(typeof(RecordLine))]
[JsonSerializable(typeof(AttackState))]
public sealed partial class PodJson : JsonSerializerContext;
