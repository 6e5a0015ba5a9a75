using System.Text;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>The verdict on the Pods that answered an attack: what it counts, and what it does not claim.</summary>
public sealed class AttackSkewTests
{
    private const int Many = 12_000;

    /// <summary>A sequence of choices without a trend: 0 and 1 are equally frequent.</summary>
    private static string Either(int i) => System.Numerics.BitOperations.PopCount((uint)i) % 2 == 0 ? "pod-a" : "pod-b";

    private static RequestRecord Answer(int i, string? pod) =>
        new()
        {
            Sequence = i,
            IntendedStart = TimeSpan.FromMilliseconds(i),
            Start = TimeSpan.FromMilliseconds(i),
            End = TimeSpan.FromMilliseconds(i + 2),
            SourcePort = 20_000 + i,
            Connection = i,
            Outcome = Outcome.Response,
            Status = 200,
            Pod = pod,
        };

    private static string SkewOf(IEnumerable<RequestRecord> records) => SkewOf(RandomRecords.Results(records));

    private static string SkewOf(AttackResults results) => AttackSkew.Describe(results).ShouldNotBeNull();

    private static IEnumerable<RequestRecord> Answers(Func<int, RequestRecord> answer) =>
        Enumerable.Range(0, Many).Select(answer);

    [Fact]
    public void Fresh_connections_on_ports_of_their_own_are_even_with_an_error_bound()
    {
        var skew = SkewOf(Answers(i => Answer(i, Either(i))));
        skew.ShouldStartWith("even within ±15 % (error probability 1E-4); 12,000 connections");
        skew.ShouldNotContain("not counted");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Answers_that_name_no_pod_or_one_too_many_count_against_even(bool tooMany)
    {
        // 600 names are more than have a histogram of their own.
        var other = (int i) => tooMany ? $"other-{i % 600}" : null;
        var skew = SkewOf(Answers(i => Answer(i, i >= 600 && i % 5 < 2 || i < 2 ? Either(i) : other(i))));
        skew.ShouldNotContain("even within");
        skew.ShouldMatch(@"; [\d,]+ of unknown backend");
    }

    /// <summary>A rate or a time that needs more choices than the ports give is not advised.</summary>
    [Theory]
    [InlineData(
        0.563,
        "more connections to decide, each with a client port of its own: give it ",
        "(--ports 1024-65535)"
    )]
    [InlineData(0.572, ", each with a client port of its own, and one client has fewer: merge the --hdr logs", "")]
    public void A_decision_that_needs_more_ports_than_there_are_says_how_to_get_them(
        double share,
        string expected,
        string alsoExpected
    )
    {
        var skew = SkewOf(Answers(i => Answer(i, i * share % 1 < share ? "pod-a" : "pod-b")));

        skew.ShouldStartWith("undecided");
        skew.ShouldContain(expected);
        skew.ShouldContain(alsoExpected);
        skew.ShouldNotContain("--rate");
    }

    [Fact]
    public void Two_kept_connections_are_two_choices()
    {
        var skew = SkewOf(
            Answers(i =>
                Answer(i, i % 2 == 0 ? "pod-a" : "pod-b") with
                {
                    SourcePort = 40_000 + (i % 2),
                    Connection = i % 2,
                    RequestOnConnection = i / 2,
                }
            )
        );
        skew.ShouldBe(
            "undecided: few client ports or kept connections, each repeats its choice: "
                + "2 choices in 12,000 successes, if equal shares are expected"
        );
    }

    [Fact]
    public void Seven_ports_that_recur_are_seven_choices() =>
        SkewOf(Answers(i => Answer(i, Either(i % 7)) with { SourcePort = 41_000 + (i % 7) }))
            .ShouldContain("undecided: few client ports or kept connections, each repeats its choice: 7 choices in");

    [Fact]
    public void Ports_that_are_used_twice_count_once() =>
        SkewOf(Answers(i => Answer(i, Either(i)) with { SourcePort = 20_000 + (i % 8_000) }))
            .ShouldMatch("even within .*; 8,000 connections.*; not counted: 4,000 on kept connections or on ports");

    [Fact]
    public void A_choice_that_changes_in_mid_attack_is_skewed_in_each_part()
    {
        var records = Answers(i => Answer(i, i < Many / 2 ? "pod-a" : "pod-b")).ToList();
        var skew = SkewOf(records);
        skew.ShouldMatch("^requests 0 to [0-9,]+: skewed beyond .*busiest pod-a; starved pod-b");

        // The same of attacks that are merged from logs, each by another client.
        SkewOf(Reread([.. records[..4_000], .. records[8_000..]], records[4_000..8_000]))
            .ShouldContain("skewed beyond");
    }

    [Fact]
    public void Unknown_ports_are_the_reason_where_they_are_unknown()
    {
        var skew = SkewOf(Answers(i => Answer(i, Either(i)) with { SourcePort = 0 }));
        skew.ShouldContain("(no error bound: client ports are unknown)");
        skew.ShouldNotContain("kept connection");
    }

    [Fact]
    public void Another_clients_ports_are_others_and_those_of_one_client_are_the_same()
    {
        List<RequestRecord> first = [.. Answers(i => Answer(i, Either(i)))],
            second = [.. Answers(i => Answer(i, Either(i + 1)))];
        SkewOf(Reread(first, second)).ShouldContain("; 24,000 connections");
        var merged = RandomRecords.Results(first);
        merged.Merge(RandomRecords.Results(second));
        SkewOf(merged).ShouldMatch("; 12,000 connections.*; not counted: 12,000 ");
    }

    [Fact]
    public void Choices_of_a_log_that_are_no_counts_are_refused()
    {
        var log = Log(Answers(i => Answer(i, Either(i))));
        var edited = log.Replace("\"width\":1024", "\"width\":0", StringComparison.Ordinal);
        edited.ShouldNotBe(log);
        Should.Throw<InvalidDataException>(() =>
            HistogramLog.Read(new MemoryStream(Encoding.UTF8.GetBytes(edited)), out _)
        );
    }

    private static AttackResults Reread(params IReadOnlyList<RequestRecord>[] attacks)
    {
        var merged = new AttackResults();
        foreach (var attack in attacks)
        {
            HistogramLog.Read(new MemoryStream(Encoding.UTF8.GetBytes(Log(attack))), out var results);
            merged.Merge(results.ShouldNotBeNull());
        }
        return merged;
    }

    private static string Log(IEnumerable<RequestRecord> records)
    {
        using var log = new MemoryStream();
        HistogramLog.Write(RandomRecords.Results(records), log, DateTimeOffset.UnixEpoch);
        return Encoding.UTF8.GetString(log.ToArray());
    }
}
