using System.Globalization;

namespace CiliumDebugging.ClusterSetup.Scenarios;

/// <summary>Durations as people write them: <c>500ms</c>, <c>6s</c>, <c>2m</c>, <c>1h</c>.</summary>
public static class Durations
{
    private static readonly (string Suffix, double Seconds)[] s_units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)];

    /// <summary>Reads a duration of more than 0 and at most 24 h.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(text);
        duration = default;
        foreach (var (suffix, seconds) in s_units)
        {
            if (!text.EndsWith(suffix, StringComparison.Ordinal)
                || !double.TryParse(text[..^suffix.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) continue;
            if (number * seconds is not (> 0 and <= 86_400)) return false;
            duration = TimeSpan.FromSeconds(number * seconds);
            return true;
        }
        return false;
    }
}
