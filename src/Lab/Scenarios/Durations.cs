using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.Lab.Scenarios;

/// <summary>Durations of a scenario: <c>500ms</c>, <c>6s</c>, <c>2m</c>, <c>1h</c>.</summary>
public static class Durations
{
    /// <summary>Reads a duration of more than 0 and at most 24 h, with its unit.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(text);
        duration = default;
        var isDuration =
            text.Length > 0
            && char.IsAsciiLetter(text[^1])
            && Quantities.TryParseDuration(text, out duration)
            && duration > TimeSpan.Zero
            && duration <= TimeSpan.FromDays(1);
        if (!isDuration)
            duration = default;
        return isDuration;
    }
}
