namespace CiliumDebugging.EmbeddedCluster.Api.Status;

/// <summary>
/// What an operation gave: a value, or the Status the API answers with instead. Exactly one of the two is set.
/// </summary>
/// <param name="Value">The value, when the operation succeeded.</param>
/// <param name="Failure">Why it did not, as a Kubernetes Status.</param>
public readonly record struct Outcome<T>(T? Value, ApiStatus? Failure)
    where T : class
{
    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(ApiStatus failure) => new(null, failure);

    /// <exception cref="ApiStatusException">The operation failed.</exception>
    public T OrThrow() => Failure is { } failure ? throw new ApiStatusException(failure) : Value!;
}

/// <summary>A refused operation, for callers inside the process to whom a refusal is a bug.</summary>
public sealed class ApiStatusException(ApiStatus status) : Exception(status.Message)
{
    /// <summary>The refusal as the API would answer it.</summary>
    public ApiStatus Status { get; } = status;
}
