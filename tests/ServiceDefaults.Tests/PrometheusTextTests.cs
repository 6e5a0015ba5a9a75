using System.Text;

namespace CiliumDebugging.ServiceDefaults.Tests;

public sealed class PrometheusTextTests
{
    [Fact]
    public void Label_values_and_help_are_escaped_as_the_format_demands() =>
        new StringBuilder()
            .AppendFamily("requests_total", "counter", "A \"line\" with \\ and\na break.")
            .AppendSample("requests_total", 3L, ["pod", "path"], ["a\"b\\c\nd", null])
            .ToString()
            .ShouldBe(
                """
                # HELP requests_total A "line" with \\ and\na break.
                # TYPE requests_total counter
                requests_total{pod="a\"b\\c\nd",path=""} 3

                """
            );

    [Theory]
    [InlineData(0.5, "0.5")]
    [InlineData(1e21, "1E+21")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(double.NaN, "NaN")]
    public void Values_are_written_as_Go_reads_them(double value, string expected) =>
        new StringBuilder().AppendSample("up", value).ToString().ShouldBe($"up {expected}\n");

    [Fact]
    public void A_label_without_a_value_is_refused() =>
        Should.Throw<ArgumentException>(() => new StringBuilder().AppendSample("up", 1, ["pod"], []));
}
