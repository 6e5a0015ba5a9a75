using System.Text;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>The binary format: a head, then entries. Entry 1 names a pod or node, numbered from 1 in order; entry 0 is
/// a record, all numbers in variable length, times in 100 ns, start and end relative.</summary>
internal static class BinaryRecords
{
    private const byte RecordEntry = 0,
        NameEntry = 1;

    /// <summary>
    /// Limits of a file of others: a load test tells 4,096 names apart, of 253 characters, for Pods and nodes each.
    /// </summary>
    private const int MaxNames = 10_000,
        MaxNameBytes = 1024;

    private static ReadOnlySpan<byte> Head => "CDATTACK1\n"u8;

    /// <summary>Whether the stream begins with the format's head. Moves the stream past the head, or back to the
    /// start.</summary>
    public static bool IsHead(Stream stream)
    {
        var start = new byte[Head.Length];
        if (
            stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length
            && Head.SequenceEqual(start)
        )
            return true;
        stream.Position = 0;
        return false;
    }

    public static IEnumerable<RequestRecord> Read(Stream stream)
    {
        using var reader = new BinaryReader(stream);
        var names = new List<string?> { null };
        while (true)
        {
            RequestRecord? record;
            try
            {
                var kind = reader.BaseStream.ReadByte();
                if (kind < 0)
                    yield break;
                record = ReadEntry(kind, reader, names);
            }
            catch (Exception e)
                when (e is EndOfStreamException or FormatException or ArgumentOutOfRangeException or OverflowException)
            {
                throw new InvalidDataException(
                    $"the file ends or breaks within an entry near byte {stream.Position}",
                    e
                );
            }
            if (record is { } found)
                yield return found;
        }
    }

    private static RequestRecord? ReadEntry(int kind, BinaryReader reader, List<string?> names)
    {
        switch (kind)
        {
            case NameEntry:
                if (names.Count >= MaxNames)
                    throw new FormatException("too many names");
                names.Add(ReadName(reader));
                return null;
            case RecordEntry:
                var sequence = reader.Read7BitEncodedInt64();
                var intended = new TimeSpan(reader.Read7BitEncodedInt64());
                var start = intended + new TimeSpan(reader.Read7BitEncodedInt64());
                var end = start + new TimeSpan(reader.Read7BitEncodedInt64());
                return new RequestRecord
                {
                    Sequence = sequence,
                    IntendedStart = intended,
                    Start = start,
                    End = end,
                    SourcePort = reader.ReadUInt16(),
                    Connection = reader.Read7BitEncodedInt64() - 1,
                    RequestOnConnection = reader.Read7BitEncodedInt(),
                    Outcome = Defined((Outcome)reader.ReadByte()),
                    Status = reader.ReadUInt16(),
                    Pod = names[reader.Read7BitEncodedInt()],
                    Node = names[reader.Read7BitEncodedInt()],
                    BytesReceived = reader.Read7BitEncodedInt64(),
                    Errno = reader.Read7BitEncodedInt(),
                    Fault = Defined((ResponseFault)reader.ReadByte()),
                };
            default:
                throw new FormatException("unknown entry");
        }
    }

    private static string ReadName(BinaryReader reader)
    {
        var bytes = reader.Read7BitEncodedInt();
        if (bytes is < 0 or > MaxNameBytes)
            throw new FormatException("too long a name");
        var name = reader.ReadBytes(bytes);
        return name.Length == bytes ? Encoding.UTF8.GetString(name) : throw new EndOfStreamException();
    }

    private static T Defined<T>(T value)
        where T : struct, Enum =>
        Enum.IsDefined(value) ? value : throw new FormatException($"unknown {typeof(T).Name}");

    internal sealed class Writer : IRecordWriter
    {
        private readonly BinaryWriter _writer;
        private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);

        public Writer(Stream stream)
        {
            _writer = new BinaryWriter(stream, Encoding.UTF8);
            _writer.Write(Head);
        }

        public void Write(in RequestRecord record)
        {
            var (pod, node) = (NameOf(record.Pod), NameOf(record.Node));
            _writer.Write(RecordEntry);
            _writer.Write7BitEncodedInt64(record.Sequence);
            _writer.Write7BitEncodedInt64(record.IntendedStart.Ticks);
            _writer.Write7BitEncodedInt64((record.Start - record.IntendedStart).Ticks);
            _writer.Write7BitEncodedInt64((record.End - record.Start).Ticks);
            _writer.Write((ushort)record.SourcePort);
            _writer.Write7BitEncodedInt64(record.Connection + 1);
            _writer.Write7BitEncodedInt(record.RequestOnConnection);
            _writer.Write((byte)record.Outcome);
            _writer.Write((ushort)record.Status);
            _writer.Write7BitEncodedInt(pod);
            _writer.Write7BitEncodedInt(node);
            _writer.Write7BitEncodedInt64(record.BytesReceived);
            _writer.Write7BitEncodedInt(record.Errno);
            _writer.Write((byte)record.Fault);
        }

        public void Dispose() => _writer.Dispose();

        // Names are bounded by ResponderNames.
        private int NameOf(string? name)
        {
            if (name is null)
                return 0;
            if (_names.TryGetValue(name, out var number))
                return number;
            _writer.Write(NameEntry);
            _writer.Write(name);
            _names.Add(name, _names.Count + 1);
            return _names.Count;
        }
    }
}
