using System.Text.Json;
using System.Text.Json.Serialization;
using CiliumDebugging.Releases;

namespace CiliumDebugging.ClusterSetup.Kind;

/// <summary>
/// The options of the last <c>up</c> of a cluster, in the lab's folder about it, so that <c>status</c> looks for what
/// that <c>up</c> was to make.
/// </summary>
internal static class RecordedOptions
{
    private static readonly JsonSerializerOptions s_format = new()
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new ReleaseConverter() },
    };

    /// <summary>As they are written; the folder of the state is where it is found.</summary>
    public static string Format(KindOptions options) => JsonSerializer.Serialize(options, s_format);

    /// <summary>The recorded options; null: none are recorded.</summary>
    /// <exception cref="KindException">The file is not what <see cref="Format"/> writes.</exception>
    public static KindOptions? Read(KindState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (!File.Exists(state.Options))
            return null;
        try
        {
            return JsonSerializer.Deserialize<KindOptions>(File.ReadAllText(state.Options), s_format)! with
            {
                Name = state.Cluster,
                StateRoot = state.Root,
            };
        }
        catch (JsonException e)
        {
            throw new KindException(
                $"{state.Options} is not what up wrote ({e.Message}): the same up command writes it again"
            );
        }
    }

    private sealed class ReleaseConverter : JsonConverter<CiliumVersion>
    {
        public override CiliumVersion Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && CiliumVersion.TryParse(reader.GetString(), out var release)
                ? release
                : throw new JsonException("not a release of Cilium");

        public override void Write(Utf8JsonWriter writer, CiliumVersion value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
