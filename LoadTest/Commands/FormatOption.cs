using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CiliumDebugging.LoadTest.Commands;

/// <summary>
/// <c>--format json</c>: a command's result for programs. Standard output has the JSON alone then; progress and
/// problems go to standard error.
/// </summary>
public static class FormatOption
{
    /// <summary>The value that asks for JSON.</summary>
    public const string Json = "json";

    private const string Text = "text";

    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>The option, for one command.</summary>
    public static Option<string> Create()
    {
        var option = new Option<string>("--format")
        {
            HelpName = $"{Text}|{Json}",
            Description = "Print the result as text for people or as JSON for programs",
            DefaultValueFactory = _ => Text,
        };
        option.AcceptOnlyFromAmong(Text, Json);
        return option;
    }

    /// <summary>Whether JSON is to be printed.</summary>
    public static bool IsJson(this ParseResult parsed, Option<string> option)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        return parsed.GetValue(option) == Json;
    }

    /// <summary>Writes a result as JSON.</summary>
    public static void WriteJson(object result, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        output.WriteLine(JsonSerializer.Serialize(result, s_options));
    }
}
