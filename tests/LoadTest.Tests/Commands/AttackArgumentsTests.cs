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
    [InlineData("--rate", "0", "rate '0' is as fast as possible: give --max-in-flight N")]
    [InlineData("--rate", "-1/s", "rate -1/s")]
    [InlineData("--rate", "NaN", "rate 'NaN'")]
    [InlineData("--url", "ftp://x", "url 'ftp://x'")]
    [InlineData("--url", "http://", "url 'http://'")]
    [InlineData("--url", "http://x:0/", "url 'http://x:0/'")]
    [InlineData("--url", "http://u:secret@x/", "url 'http://(hidden)@x/': expected no credentials")]
    [InlineData("--url", "ftp://u:secret@x/", "url 'ftp://(hidden)@x/': expected http://")]
    [InlineData(
        "--url",
        "http://[fe80::1%25lo]:80/",
        "url 'http://[fe80::1%25lo]:80/': expected an address without a zone"
    )]
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
    public async Task Rate_0_is_as_fast_as_the_requests_in_flight_permit()
    {
        var arguments = new AttackArguments
        {
            Url = "http://127.0.0.1:1/",
            Rate = "0/1s",
            MaxInFlight = "20",
        };
        var (plan, problems) = await arguments.ToPlanAsync(TestContext.Current.CancellationToken);

        problems.ShouldBeEmpty();
        plan.ShouldNotBeNull().RatePerSecond.ShouldBe(double.PositiveInfinity);
        plan.MaxInFlight.ShouldBe(20);
    }

    // Examples of vegeta's own documentation, with a body, headers and an empty line.
    [Fact]
    public async Task JSON_targets_are_read_as_vegeta_reads_them()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            file,
            """
            {"method":"POST", "url":"http://127.0.0.1:1/1", "header":{"Content-Type":["text/plain"],"X-A":["1","2"]}, "body": "Rk9P"}

            {"method":"GET",  "url":"http://127.0.0.1:1/2", "header":{"Host":["b.example"]}}
            """,
            TestContext.Current.CancellationToken
        );
        try
        {
            var arguments = new AttackArguments
            {
                TargetsFile = file,
                Body = "for those without one",
                Headers = ["X-All: yes"],
            };
            var (plan, problems) = await arguments.ToPlanAsync(TestContext.Current.CancellationToken);

            problems.ShouldBeEmpty();
            plan.ShouldNotBeNull()
                .Targets.Select(t => (t.Method, t.Path, t.Host, System.Text.Encoding.UTF8.GetString(t.Body.Span)))
                .ShouldBe([("POST", "/1", "127.0.0.1:1", "FOO"), ("GET", "/2", "b.example", "for those without one")]);
            plan.Targets[0]
                .Headers.Select(h => $"{h.Key}={h.Value}")
                .ShouldBe(["X-All=yes", "Content-Type=text/plain", "X-A=1", "X-A=2"]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("line 2: expected", """{"method":"GET","url":"http://a/"}""", """{"method":"GET"}""")]
    [InlineData("line 1: expected", """{"method":"GET","url":"http://a/" """)]
    [InlineData("line 1, body: expected", """{"method":"GET","url":"http://a/","body":"not base64"}""")]
    [InlineData("line 1, header.A: expected", """{"method":"GET","url":"http://a/","header":{"A":"1"}}""")]
    [InlineData("line 1, headers: expected", """{"method":"GET","url":"http://a/","headers":{"A":["1"]}}""")]
    [InlineData("line 1: header 'A:B'", """{"method":"GET","url":"http://a/","header":{"A:B":["1"]}}""")]
    [InlineData("line 2: expected", """{"method":"GET","url":"http://a/"}""", "GET http://a/")]
    [InlineData("line 2: expected", """{"method":"GET","url":"http://a/"}""", "null")]
    public void JSON_targets_that_would_be_read_as_something_else_are_refused(string problem, params string[] lines) =>
        TargetFile.Parse(lines).Problems.ShouldHaveSingleItem().ShouldStartWith(problem);

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
    public void A_second_body_of_a_target_is_refused() =>
        TargetFile
            .Parse(["POST http://a/", "@one", "@two"])
            .Problems.ShouldHaveSingleItem()
            .ShouldBe("line 3 '@two': the body of this entry is @one already");

    [Theory]
    [InlineData("GET http://127.0.0.1:1/echo HTTP/1.1")]
    [InlineData("""{"method":"GET","url":"http://127.0.0.1:1/echo HTTP/1.1"}""")]
    public async Task A_protocol_behind_the_url_is_refused_in_both_formats_of_target_files(string line)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, line, TestContext.Current.CancellationToken);
        try
        {
            var arguments = new AttackArguments { TargetsFile = file };
            var (plan, problems) = await arguments.ToPlanAsync(TestContext.Current.CancellationToken);

            plan.ShouldBeNull();
            problems
                .ShouldHaveSingleItem()
                .ShouldStartWith($"{file} line 1: url 'http://127.0.0.1:1/echo HTTP/1.1': expected no white space");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void A_body_without_a_file_is_a_problem_of_its_line() =>
        TargetFile.Parse(["POST http://a/", "@"]).Problems.ShouldHaveSingleItem().ShouldStartWith("line 2 '@'");
}
