using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Tests.Commands;

public sealed class AttackArgumentsTests
{
    [Theory]
    [InlineData("50", 50)]
    [InlineData("50/s", 50)]
    [InlineData("0.5/s", 0.5)]
    [InlineData("300/m", 5)]
    [InlineData("50/500ms", 100)]
    [InlineData("max", double.PositiveInfinity)]
    [InlineData("infinity", double.PositiveInfinity)]
    public void Rates_are_read(string text, double perSecond)
    {
        Quantities.TryParseRate(text, out var rate).ShouldBeTrue();
        rate.ShouldBe(perSecond);
    }

    [Theory]
    [InlineData("100us", 1000)]
    [InlineData("0.3ms", 3000)]
    [InlineData("1.1", 11_000_000)]
    [InlineData("1.5m", 900_000_000)]
    public void Durations_are_read_to_the_tick(string text, long ticks)
    {
        Quantities.TryParseDuration(text, out var duration).ShouldBeTrue();
        duration.Ticks.ShouldBe(ticks);
    }

    [Theory]
    [InlineData("--rate", "fast", "rate 'fast'")]
    [InlineData("--rate", "50/", "rate '50/'")]
    [InlineData("--rate", "0", "rate 0/s")]
    [InlineData("--rate", "-1/s", "rate -1/s")]
    [InlineData("--rate", "NaN", "rate 'NaN'")]
    [InlineData("--url", "ftp://x", "url 'ftp://x'")]
    [InlineData("--url", "http://", "url 'http://'")]
    [InlineData("--url", "http://x:0/", "url 'http://x:0/'")]
    [InlineData("--connections", "keepalive:0", "connections 'keepalive:0'")]
    [InlineData("--source", "localhost", "source-ip 'localhost'")]
    public async Task Bad_arguments_are_quoted(string name, string value, string expected)
    {
        var arguments = new AttackArguments { Url = "http://127.0.0.1:1/" };
        arguments = name switch
        {
            "--rate" => arguments with { Rate = value },
            "--url" => arguments with { Url = value },
            "--connections" => arguments with { Connections = value },
            _ => arguments with { SourceIp = value },
        };
        var (plan, problems) = await arguments.ToPlanAsync(TestContext.Current.CancellationToken);
        plan.ShouldBeNull();
        problems.ShouldHaveSingleItem().ShouldStartWith(expected);
    }

    [Fact]
    public void Target_files_are_read_as_vegeta_reads_them()
    {
        var (entries, problems) = TargetFile.Parse([
            "# comment",
            "GET http://a/",
            "POST http://b/echo",
            "X-A: 1",
            "@body.txt",
            "",
            "DELETE http://c/",
            "",
            "nonsense",
        ]);
        entries
            .Select(entry => (entry.Method, entry.Url, entry.Headers.Count, entry.BodyFile))
            .ShouldBe([
                ("GET", "http://a/", 0, null),
                ("POST", "http://b/echo", 1, "body.txt"),
                ("DELETE", "http://c/", 0, null),
            ]);
        problems.ShouldHaveSingleItem().ShouldContain("line 9 'nonsense'");
    }

    [Fact]
    public void A_body_without_a_file_is_a_problem_of_its_line() =>
        TargetFile.Parse(["POST http://a/", "@"]).Problems.ShouldHaveSingleItem().ShouldStartWith("line 2 '@'");
}
