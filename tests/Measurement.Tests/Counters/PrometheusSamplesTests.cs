using System.Globalization;
using CiliumDebugging.Measurement.Counters;
using CsCheck;

namespace CiliumDebugging.Measurement.Tests.Counters;

public class PrometheusSamplesTests
{
    [Fact]
    public void A_scrape_is_read_with_its_labels_and_without_comments_and_timestamps()
    {
        var samples = PrometheusSamples.Parse(
            """
            # HELP hubble_http_requests_total Count of HTTP requests
            # TYPE hubble_http_requests_total counter
            hubble_http_requests_total{destination="backend/a",method="POST",source=""} 12

            echo_requests 3 1395066363000
            le_bucket{le="+Inf",} +Inf
            odd NaN
            """
        );
        samples.Select(s => s.Name).ShouldBe(["hubble_http_requests_total", "echo_requests", "le_bucket", "odd"]);
        samples[0]["destination"].ShouldBe("backend/a");
        samples[0]["source"].ShouldBe("");
        samples[0]["no such label"].ShouldBe("");
        samples[1].Value.ShouldBe(3);
        samples[2].Value.ShouldBe(double.PositiveInfinity);
        samples[3].Value.ShouldBe(double.NaN);
    }

    [Theory]
    [InlineData("echo_requests")]
    [InlineData("echo_requests three")]
    [InlineData("{a=\"b\"} 1")]
    [InlineData("a{b=c} 1")]
    [InlineData("a{b=\"c} 1")]
    [InlineData("a{b=\"c\"")]
    [InlineData("a{b")]
    [InlineData("a{b=\"c\" d=\"e\"} 1")]
    [InlineData("a{,b=\"c\"} 1")]
    [InlineData("a{b=\"c\",b=\"d\"} 1")]
    [InlineData("a{b=\"\\t\"} 1")]
    [InlineData("a{1b=\"c\"} 1")]
    [InlineData("a{\"b\"} 1")]
    [InlineData("{b=\"c\",\"a\"} 1")]
    [InlineData("{\"\"} 1")]
    [InlineData("{\"a\",\"b\"} 1")]
    [InlineData("1a 1")]
    [InlineData("a-b 1")]
    [InlineData("a 1e999")]
    [InlineData("a 1 two")]
    [InlineData("a 1 2 3")]
    [InlineData("a 1 # {b=\"c\"")]
    [InlineData("a 1 # {b=\"c\"}")]
    [InlineData("a 1 # {b=\"c\"} 1 2 3")]
    [InlineData("a 1 # text")]
    [InlineData("<html><body>Log in</body></html>")]
    public void A_line_that_is_no_sample_is_named_with_its_number(string line)
    {
        var message = Should.Throw<FormatException>(() => PrometheusSamples.Parse("ok 1\n" + line)).Message;
        message.ShouldBe($"line 2 is not a Prometheus sample: {line}");
    }

    [Fact]
    public void OpenMetrics_is_read_with_exemplars_timestamps_and_its_end()
    {
        var samples = PrometheusSamples.Parse(
            """
            # TYPE hubble_http_requests counter
            # UNIT x y
            hubble_http_requests_total{source="a/l",status="200"} 5.0 # {trace_id="abc",x="} 9"} 1.0 1720000000.5
            hubble_http_requests_total{source="a/m",status="200"} 6.0 1720000000.25 # {} 0.5
            hubble_http_requests_created{source="a/l",status="200"} 1.72e9
            # EOF

            """
        );
        samples
            .Select(s => (s.Name, s["source"], s.Value))
            .ShouldBe([
                ("hubble_http_requests_total", "a/l", 5),
                ("hubble_http_requests_total", "a/m", 6),
                ("hubble_http_requests_created", "a/l", 1.72e9),
            ]);
        samples[0].Labels.Keys.ShouldBe(["source", "status"]);
    }

    [Fact]
    public void Text_after_the_end_of_OpenMetrics_is_refused() =>
        Should
            .Throw<FormatException>(() => PrometheusSamples.Parse("a 1\n# EOF\n\nb 2"))
            .Message.ShouldBe("line 4 is after # EOF");

    [Fact]
    public void Quoted_names_of_metrics_and_labels_are_read()
    {
        var samples = PrometheusSamples.Parse(
            """
            {"hubble_http_requests_total",source="a/l","method.x"="POST"} 7
            { "my.metric" , } 8
            plain{"a.b"="c"} 9
            """
        );
        samples.Select(s => s.Name).ShouldBe(["hubble_http_requests_total", "my.metric", "plain"]);
        samples[0]["method.x"].ShouldBe("POST");
        samples[2]["a.b"].ShouldBe("c");
    }

    [Fact]
    public void Blanks_and_carriage_returns_between_the_parts_mean_nothing()
    {
        const string Text = "m {\ta = \"x\" , b=\"a\\\"b,}\\\\ \\n\", }\t5 \r\nn 6\r\n";
        var samples = PrometheusSamples.Parse(Text);
        samples.Select(s => s.Value).ShouldBe([5, 6]);
        (samples[0]["a"], samples[0]["b"]).ShouldBe(("x", "a\"b,}\\ \n"));
    }

    [Fact]
    public void A_line_of_any_length_and_labels_of_any_number_are_limited()
    {
        var labels = string.Join(',', Enumerable.Range(0, PrometheusSamples.MaxLabels).Select(i => $"l{i}=\"\""));
        PrometheusSamples.Parse($"m{{{labels}}} 1").Single().Labels.Count.ShouldBe(PrometheusSamples.MaxLabels);
        Should.Throw<FormatException>(() => PrometheusSamples.Parse($"m{{{labels},more=\"\"}} 1"));
        Should
            .Throw<FormatException>(() =>
                PrometheusSamples.Parse($"m{{l=\"{new string('x', PrometheusSamples.MaxLine)}\"}} 1")
            )
            .Message.ShouldBe("line 1 is longer than 65536 characters");
    }

    [Fact]
    public void A_long_broken_line_is_shortened() =>
        Should
            .Throw<FormatException>(() => PrometheusSamples.Parse(new string('x', 10_000)))
            .Message.Length.ShouldBeLessThan(300);

    [Fact]
    public void Too_many_samples_are_refused() =>
        Should
            .Throw<FormatException>(() =>
                PrometheusSamples.Parse(string.Concat(Enumerable.Repeat("a 1\n", PrometheusSamples.MaxSamples + 1)))
            )
            .Message.ShouldContain("more than 200000");

    [Fact]
    public void Every_label_value_survives_its_escapes() =>
        Gen.String[Gen.Char["ab\"\\\n,{}= é\u2028\u0085"], 0, 12]
            .Sample(value =>
            {
                var escaped = value
                    .Replace("\\", "\\\\", StringComparison.Ordinal)
                    .Replace("\"", "\\\"", StringComparison.Ordinal)
                    .Replace("\n", "\\n", StringComparison.Ordinal);
                return PrometheusSamples.Parse($"m{{l=\"{escaped}\",k=\"v\"}} 1").Single() is { } sample
                    && sample["l"] == value
                    && sample["k"] == "v";
            });

    [Fact]
    public void Every_finite_value_is_read_as_it_was_written() =>
        Gen
            .Double.Where(double.IsFinite)
            .Sample(value =>
                PrometheusSamples
                    .Parse(string.Create(CultureInfo.InvariantCulture, $"m {value:R}"))
                    .Single()
                    .Value.Equals(value)
            );

    [Fact]
    public void Whatever_the_text_is_it_is_read_or_refused() =>
        Gen.String[Gen.Char["a{}=\",\\ 1#\n+"], 0, 40]
            .Sample(text =>
            {
                try
                {
                    PrometheusSamples.Parse(text);
                }
                catch (FormatException)
                {
                    // Refused.
                }
            });
}
