using System.Globalization;
using System.Text;

namespace CiliumDebugging.Measurement.Counters;

/// <summary>One sample of a scrape.</summary>
/// <param name="Name">Metric.</param>
/// <param name="Labels">Labels, each once.</param>
/// <param name="Value">Any number; not a count before it was checked.</param>
public sealed record PrometheusSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    /// <summary>A label's value; empty when the sample has no such label, as in PromQL.</summary>
    public string this[string label] => Labels.TryGetValue(label, out var value) ? value : "";
}

/// <summary>
/// Reads the Prometheus text format (0.0.4 and 1.0.0, with quoted names) and OpenMetrics 1.0. Timestamps, exemplars
/// and comments are checked and not kept. The text is untrusted: its samples, labels and lines are limited, and a line
/// that cannot be read is an error that names it.
/// </summary>
public static class PrometheusSamples
{
    /// <summary>Maximum number of samples of a scrape.</summary>
    public const int MaxSamples = 200_000;

    /// <summary>Maximum number of labels of a sample.</summary>
    public const int MaxLabels = 128;

    /// <summary>Maximum length of a line, characters.</summary>
    public const int MaxLine = 64 * 1024;

    private const int MaxQuoted = 200;
    private const string EndOfText = "# EOF";

    /// <exception cref="FormatException">
    /// A line is not a sample or too long, or there are more than <see cref="MaxSamples"/>.
    /// </exception>
    public static IReadOnlyList<PrometheusSample> Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var samples = new List<PrometheusSample>();
        var (number, ended) = (0, false);
        // Only a line feed ends a line: a label's value may have Unicode's other separators.
        for (var rest = text.AsSpan(); !rest.IsEmpty; )
        {
            number++;
            var end = rest.IndexOf('\n');
            var line = (end < 0 ? rest : rest[..end]).Trim(" \t\r");
            rest = end < 0 ? [] : rest[(end + 1)..];
            if (line.IsEmpty)
                continue;
            if (line.Length > MaxLine)
                throw new FormatException($"line {number} is longer than {MaxLine} characters");
            if (ended)
                throw new FormatException($"line {number} is after {EndOfText}");
            if (line[0] == '#')
            {
                ended = line.SequenceEqual(EndOfText);
                continue;
            }
            if (samples.Count == MaxSamples)
                throw new FormatException($"the scrape has more than {MaxSamples} samples");
            samples.Add(new SampleReader(line).Read() ?? throw Bad(line, number));
        }
        return samples;
    }

    private static FormatException Bad(ReadOnlySpan<char> line, int number) =>
        new(
            $"line {number} is not a Prometheus sample: "
                + $"{(line.Length > MaxQuoted ? line[..MaxQuoted].ToString() + "…" : line.ToString())}"
        );

    /// <summary>
    /// <c>name{label="value",…} value [timestamp] [# {label="value",…} value [timestamp]]</c>; a quoted name is the
    /// first of the labels, without a value.
    /// </summary>
    private ref struct SampleReader(ReadOnlySpan<char> line)
    {
        private ReadOnlySpan<char> _rest = line;

        /// <summary>Null: it is not a sample.</summary>
        public PrometheusSample? Read()
        {
            var name = Identifier(colons: true);
            Dictionary<string, string> labels = new(StringComparer.Ordinal);
            SkipBlanks();
            if (Skip('{') && !Labels(labels, ref name))
                return null;
            if (name is null || !Number(out var value) || !TimestampOrNothing())
                return null;
            return _rest.IsEmpty || Exemplar() ? new PrometheusSample(name, labels, value) : null;
        }

        /// <summary>What follows <c>{</c>, to its <c>}</c>.</summary>
        private bool Labels(Dictionary<string, string> labels, ref string? metric)
        {
            var mayBeMetric = metric is null;
            while (true)
            {
                SkipBlanks();
                if (Skip('}'))
                    return true;
                var quoted = !_rest.IsEmpty && _rest[0] == '"';
                if ((quoted ? Quoted() : Identifier(colons: false)) is not { Length: > 0 } label)
                    return false;
                SkipBlanks();
                if (Skip('='))
                {
                    SkipBlanks();
                    if (labels.Count == MaxLabels || Quoted() is not { } value || !labels.TryAdd(label, value))
                        return false;
                }
                else if (quoted && mayBeMetric)
                    metric = label;
                else
                    return false;
                mayBeMetric = false;
                SkipBlanks();
                if (!Skip(',') && (_rest.IsEmpty || _rest[0] != '}'))
                    return false;
            }
        }

        private bool Exemplar()
        {
            Dictionary<string, string> labels = new(StringComparer.Ordinal);
            string? metric = "";
            if (!Skip('#'))
                return false;
            SkipBlanks();
            return Skip('{') && Labels(labels, ref metric) && Number(out _) && TimestampOrNothing() && _rest.IsEmpty;
        }

        private bool TimestampOrNothing()
        {
            SkipBlanks();
            return _rest.IsEmpty || _rest[0] == '#' || (Number(out var at) && double.IsFinite(at));
        }

        private bool Number(out double value)
        {
            SkipBlanks();
            var end = _rest.IndexOfAny(' ', '\t');
            var text = end < 0 ? _rest : _rest[..end];
            _rest = _rest[text.Length..];
            SkipBlanks();
            var sign = text.IsEmpty || text[0] is not ('+' or '-') ? 0 : 1;
            if (text[sign..] is "Inf" or "inf" or "Infinity")
                value = text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            else if (text is "NaN" or "nan")
                value = double.NaN;
            else
            {
                const NumberStyles Styles =
                    NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
                return double.TryParse(text, Styles, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
            }
            return true;
        }

        /// <summary>An unquoted name; null: there is none here.</summary>
        private string? Identifier(bool colons)
        {
            var length = 0;
            while (
                length < _rest.Length
                && (
                    char.IsAsciiLetter(_rest[length])
                    || _rest[length] == '_'
                    || (colons && _rest[length] == ':')
                    || (length > 0 && char.IsAsciiDigit(_rest[length]))
                )
            )
                length++;
            var name = _rest[..length];
            _rest = _rest[length..];
            return length == 0 ? null : name.ToString();
        }

        /// <summary>A string in quotes; null: there is none, or it has another escape than the three.</summary>
        private string? Quoted()
        {
            if (!Skip('"'))
                return null;
            if (_rest.IndexOfAny('"', '\\') is >= 0 and var end && _rest[end] == '"')
            {
                var plain = _rest[..end].ToString();
                _rest = _rest[(end + 1)..];
                return plain;
            }
            var text = new StringBuilder();
            for (var i = 0; i < _rest.Length; i++)
            {
                if (_rest[i] == '"')
                {
                    _rest = _rest[(i + 1)..];
                    return text.ToString();
                }
                if (_rest[i] != '\\')
                {
                    text.Append(_rest[i]);
                    continue;
                }
                i++;
                if (i == _rest.Length || _rest[i] is not ('n' or '"' or '\\'))
                    return null;
                text.Append(_rest[i] == 'n' ? '\n' : _rest[i]);
            }
            return null;
        }

        private void SkipBlanks() => _rest = _rest.TrimStart(" \t");

        private bool Skip(char expected)
        {
            if (_rest.IsEmpty || _rest[0] != expected)
                return false;
            _rest = _rest[1..];
            return true;
        }
    }
}
