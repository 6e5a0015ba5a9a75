namespace CiliumDebugging.EmbeddedCluster.Api.Storage;

/// <summary>
/// What the store may hold. The defaults suit a lab: hundreds of objects, thousands of writes a minute.
/// </summary>
public sealed record ObjectStoreLimits
{
    /// <summary>Objects of all kinds together; a create beyond it is refused with 403. Default 20,000.</summary>
    public int MaxObjects { get; init; } = 20_000;

    /// <summary>
    /// Bytes of JSON of all objects together; a write beyond it is refused with 403. Default 128 MiB.
    /// </summary>
    public long MaxBytes { get; init; } = 128L << 20;

    /// <summary>Bytes of JSON of one object (etcd's default for a real cluster). Default 1.5 MiB.</summary>
    public int MaxObjectBytes { get; init; } = 3 << 19;

    /// <summary>
    /// Changes per kind that watches and paged lists can go back to; older ones answer 410. Default 8,192.
    /// </summary>
    public int MaxHistoryChanges { get; init; } = 8_192;

    /// <summary>Bytes of JSON in that history per kind. Default 16 MiB.</summary>
    public long MaxHistoryBytes { get; init; } = 16L << 20;
}
