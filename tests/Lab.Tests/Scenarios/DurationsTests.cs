using System.Globalization;
using CiliumDebugging.Lab.Scenarios;
using CsCheck;

namespace CiliumDebugging.Lab.Tests.Scenarios;

public class DurationsTests
{
    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("6s", 6)]
    [InlineData("1.5s", 1.5)]
    [InlineData("2m", 120)]
    [InlineData("24h", 86_400)]
    public void A_number_with_a_unit_is_a_duration(string text, double seconds)
    {
        Durations.TryParse(text, out var duration).ShouldBeTrue();
        duration.TotalSeconds.ShouldBe(seconds, 1e-9);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("6")]
    [InlineData("0s")]
    [InlineData("-1s")]
    [InlineData("1e3s")]
    [InlineData("6 s")]
    [InlineData("6S")]
    [InlineData("25h")]
    [InlineData("NaNs")]
    [InlineData("1m30s")]
    public void Anything_else_is_none(string text)
    {
        Durations.TryParse(text, out var duration).ShouldBeFalse();
        duration.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void Every_number_of_milliseconds_is_read_as_it_was_written() =>
        Gen.Int[1, 86_400_000]
            .Sample(ms =>
                Durations.TryParse(ms.ToString(CultureInfo.InvariantCulture) + "ms", out var d)
                && Math.Abs(d.TotalMilliseconds - ms) < 1e-3
            );
}
