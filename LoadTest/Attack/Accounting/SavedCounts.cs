using System.Text.Json.Serialization;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Accounting;

/// <summary>The counts of an attack's results, as they are saved beside its histograms.</summary>
/// <param name="Intended">Requests intended.</param>
/// <param name="Started">Requests sent.</param>
/// <param name="Outcomes">Requests by outcome, without zeros; those not sent included.</param>
/// <param name="Statuses">Responses by status, without zeros.</param>
/// <param name="Errors">Errors by outcome and errno, without zeros.</param>
/// <param name="Responders">Responses by pod and status.</param>
/// <param name="Bytes">Bytes received.</param>
/// <param name="FirstStart">Intended start of the first request, 100 ns since the epoch; null when nothing was
/// sent.</param>
/// <param name="LastStart">Start of the last one, 100 ns since the epoch.</param>
/// <param name="LastBurst">The last intended start, 100 ns since the epoch.</param>
/// <param name="AfterLastBurst">How many requests there are from the first that had it on.</param>
/// <param name="Faults">Malformed responses by fault, without zeros; null in the results of earlier versions.</param>
/// <param name="Choices">The successes that are choices of their own; null in the results of earlier versions.</param>
internal sealed record SavedCounts(
    long Intended,
    long Started,
    IReadOnlyList<SavedOutcome> Outcomes,
    IReadOnlyList<SavedStatus> Statuses,
    IReadOnlyList<SavedError> Errors,
    IReadOnlyList<SavedResponder> Responders,
    long Bytes,
    long? FirstStart,
    long LastStart,
    long LastBurst = 0,
    long AfterLastBurst = 1,
    IReadOnlyList<SavedFault>? Faults = null,
    SavedChoices? Choices = null
)
{
    /// <summary>Whether something was counted less than never, which sums need not show.</summary>
    [JsonIgnore]
    public bool IsNegative =>
        Outcomes
            .Select(o => o.Count)
            .Concat(Statuses.Select(s => s.Count))
            .Concat(Errors.Select(e => e.Count))
            .Concat(Responders.Select(r => r.Count))
            .Concat((Faults ?? []).Select(f => f.Count))
            .Concat([Intended, Started, Bytes])
            .Any(count => count < 0);
}

/// <param name="Width">Requests of a block.</param>
/// <param name="UnknownPorts">Whether a client port is unknown.</param>
/// <param name="Pods">Choices by pod.</param>
internal sealed record SavedChoices(long Width, bool UnknownPorts, IReadOnlyList<SavedPodChoices> Pods);

/// <param name="Pod">Who answered.</param>
/// <param name="ByBlock">Choices by block of requests.</param>
internal sealed record SavedPodChoices(string Pod, IReadOnlyList<long> ByBlock);

internal sealed record SavedOutcome(Outcome Outcome, long Count);

internal sealed record SavedStatus(int Status, long Count);

internal sealed record SavedError(Outcome Outcome, int Errno, long Count);

internal sealed record SavedFault(ResponseFault Fault, long Count);

internal sealed record SavedResponder(string Pod, int Status, long Count);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true
)]
[JsonSerializable(typeof(SavedCounts))]
internal sealed partial class SavedJson : JsonSerializerContext;
