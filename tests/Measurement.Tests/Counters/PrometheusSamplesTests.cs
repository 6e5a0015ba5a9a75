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
    public void A_line_that_is_no_sample_is_named_with_its_number(string line)
    {
        var message = Should.Throw<FormatException>(() => PrometheusSamples.Parse("ok 1\n" + line)).Message;
        message.ShouldBe($"line 2 is not a Prometheus sample: {line}");
    }

    [Fact]
    public void A_long_broken_line_is_shortened() =>
        Should
            .Throw<FormatException>(() => PrometheusSamples.Parse(new string('x', 100_000)))
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
        Gen.String[Gen.Char["ab\"\\\n,{}= é"], 0, 12]
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
