using System.Globalization;

namespace CiliumDebugging.LoadTest.Contract;

/// <summary>Reads rates and durations as users write them.</summary>
public static class Quantities
{
    private static readonly (string Suffix, TimeSpan Unit)[] s_units =
    [
        ("us", TimeSpan.FromMicroseconds(1)),
        ("µs", TimeSpan.FromMicroseconds(1)),
        ("ms", TimeSpan.FromMilliseconds(1)),
        ("s", TimeSpan.FromSeconds(1)),
        ("m", TimeSpan.FromMinutes(1)),
        ("h", TimeSpan.FromHours(1)),
    ];

    /// <summary>Reads <c>250ms</c>, <c>60s</c>, <c>1.5m</c>, <c>2h</c> or a bare number of seconds.</summary>
    /// <returns>False when it is none of these or beyond ten years either way.</returns>
    public static bool TryParseDuration(string text, out TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (suffix, unit) = s_units.FirstOrDefault(entry => text.EndsWith(entry.Suffix, StringComparison.Ordinal));
        var number = suffix is null ? text : text[..^suffix.Length];
        duration = TimeSpan.Zero;
        if (!TryParseNumber(number, out var value))
            return false;
        var ticks = Math.Round(value * (suffix is null ? TimeSpan.TicksPerSecond : unit.Ticks));
        if (Math.Abs(ticks) > TimeSpan.FromDays(3650).Ticks)
            return false;
        duration = new TimeSpan((long)ticks);
        return true;
    }

    /// <summary>Reads <c>50</c>, <c>50/s</c>, <c>0.5/s</c>, <c>300/m</c>, <c>50/500ms</c> as requests per second, and
    /// <c>max</c> and <c>infinity</c> as infinity.</summary>
    public static bool TryParseRate(string text, out double perSecond)
    {
        ArgumentNullException.ThrowIfNull(text);
        perSecond = double.PositiveInfinity;
        if (text is "max" or "infinity")
            return true;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var per = TimeSpan.FromSeconds(1);
        if (slash >= 0)
        {
            var unit = text[(slash + 1)..];
            if (
                !TryParseDuration(unit.Length > 0 && char.IsAsciiDigit(unit[0]) ? unit : "1" + unit, out per)
                || per <= TimeSpan.Zero
                || unit.Length == 0
            )
                return false;
        }
        if (!TryParseNumber(slash < 0 ? text : text[..slash], out var count))
            return false;
        perSecond = count / per.TotalSeconds;
        return true;
    }

    private static bool TryParseNumber(string text, out double value) =>
        double.TryParse(
            text,
            NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture,
            out value
        ) && double.IsFinite(value);
}
