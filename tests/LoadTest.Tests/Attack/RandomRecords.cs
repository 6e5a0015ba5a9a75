using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Contract;
using CsCheck;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>Any records, and what is made of them.</summary>
internal static class RandomRecords
{
    private static readonly Gen<string?> s_names = Gen.Int[0, 5]
        .Select(n => new[] { null, "pod-1", "pod-2", "a,b", "q\"q", "x y" }[n]);

    public static readonly Gen<RequestRecord> All = Gen.Select(
        Gen.Select(Gen.Long[0, 1L << 50], Gen.Long[0, 1L << 40], Gen.Long[0, 100_000_000], Gen.Long[0, 100_000_000]),
        Gen.Select(Gen.Int[0, 65535], Gen.Long[-1, 1L << 40], Gen.Int[0, 1000]),
        Gen.Select(
            Gen.Enum<Outcome>(),
            Gen.Int[100, 999],
            s_names,
            s_names,
            Gen.Long[0, 1L << 40],
            Gen.Int[0, 133],
            Gen.Enum<ResponseFault>()
        ),
        (times, connection, end) =>
            new RequestRecord
            {
                Sequence = times.Item1,
                IntendedStart = new TimeSpan(times.Item2),
                Start = new TimeSpan(times.Item2 + times.Item3),
                End = new TimeSpan(times.Item2 + times.Item3 + times.Item4),
                SourcePort = connection.Item1,
                Connection = connection.Item2,
                RequestOnConnection = connection.Item3,
                Outcome = end.Item1,
                Status =
                    end.Item1 is Outcome.Response || (IsConnected(end.Item1) && end.Item2 % 2 == 0) ? end.Item2 : 0,
                Pod = IsConnected(end.Item1) ? end.Item3 : null,
                Node = end.Item4,
                BytesReceived = IsConnected(end.Item1) ? end.Item5 : 0,
                Errno = end.Item6,
                Fault = end.Item7,
            }
    );

    /// <summary>What no connection was made for cannot have an answer.</summary>
    private static bool IsConnected(Outcome outcome) => outcome is Outcome.Response or >= Outcome.NoAnswer;

    public static AttackResults Results(IEnumerable<RequestRecord> records)
    {
        var results = new AttackResults();
        foreach (var record in records)
            results.Add(record);
        return results;
    }

    public static string Text(AttackResults results)
    {
        var writer = new StringWriter();
        AttackReport.Write(results, writer);
        results.Accounting.WriteTo(writer);
        return writer.ToString();
    }
}
