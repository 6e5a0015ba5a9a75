using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>Writes YAML for strict readers: null and empty are omitted, ambiguous text is quoted.</summary>
public static class YamlText
{
    private static readonly ISerializer s_serializer = new SerializerBuilder()
        .WithNamingConvention(CamelCaseNamingConvention.Instance)
        .WithQuotingNecessaryStrings()
        .WithIndentedSequences()
        .DisableAliases()
        .ConfigureDefaultValuesHandling(DefaultValuesHandling.OmitNull | DefaultValuesHandling.OmitEmptyCollections)
        .Build();

    /// <summary>Writes an object as one document.</summary>
    public static string Write(object value) =>
        s_serializer.Serialize(value).Replace("\r\n", "\n", StringComparison.Ordinal);
}
