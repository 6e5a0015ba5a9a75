using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.ServiceDefaults.Files;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>Files of results that are given together, each of another attack. The requests of an attack that is given
/// twice, as a copy or in another format, would be counted twice, as twice the evidence.</summary>
internal sealed class DistinctAttacks
{
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);

    /// <summary>Adds a file of records, or a log with counts.</summary>
    /// <exception cref="InvalidDataException">Another file has the same requests.</exception>
    public void Add(string file, AttackResults results)
    {
        // Two attacks that sent nothing are alike.
        if (results.Accounting.Started > 0)
            Add(file, IdentityOf(results));
    }

    /// <summary>Adds a file of which nothing but its bytes is known.</summary>
    /// <exception cref="InvalidDataException">Another file has the same bytes.</exception>
    public void Add(string file)
    {
        using var stream = RegularFile.OpenRead(file);
        Add(file, Convert.ToHexString(SHA256.HashData(stream)));
    }

    private void Add(string file, string identity)
    {
        if (!_files.TryAdd(identity, file))
            throw new InvalidDataException(
                $"results files '{_files[identity]}' and '{file}' have the same requests; give each attack once"
            );
    }

    /// <summary>What records and a log say alike: counts, bytes, the first and last start to 100 ns, and all times. Two
    /// attacks are never alike in all of them. Left out is what depends on the order of the records, and what earlier
    /// versions did not save.</summary>
    private static string IdentityOf(AttackResults results)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var counts = results.ToSaved() with { LastBurst = 0, AfterLastBurst = 0, Faults = null, Choices = null };
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(counts, SavedJson.Default.SavedCounts));
        Span<byte> step = stackalloc byte[2 * sizeof(long)];
        foreach (var latencies in (Latencies[])[results.Latency, results.ServiceTime, results.Blocked])
        foreach (var value in latencies.Histogram.RecordedValues())
        {
            BinaryPrimitives.WriteInt64LittleEndian(step, value.ValueIteratedTo);
            BinaryPrimitives.WriteInt64LittleEndian(step[sizeof(long)..], value.CountAddedInThisIterationStep);
            hash.AppendData(step);
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
