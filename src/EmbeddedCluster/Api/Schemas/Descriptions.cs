using System.Reflection;

namespace CiliumDebugging.EmbeddedCluster.Api.Schemas;

/// <summary>
/// What the Kubernetes API says about its types and their fields: the documentation of KubernetesClient's models, which
/// the build extracts from the package (descriptions.xslt).
/// </summary>
internal static class Descriptions
{
    private static readonly Lazy<Dictionary<string, string>> s_texts = new(Read);

    public static string? Of(Type model) => s_texts.Value.GetValueOrDefault(model.Name);

    public static string? Of(PropertyInfo property) =>
        s_texts.Value.GetValueOrDefault($"{property.DeclaringType!.Name}.{property.Name}");

    private static Dictionary<string, string> Read()
    {
        using var stream = typeof(Descriptions).Assembly.GetManifestResourceStream("descriptions.txt")!;
        using var reader = new StreamReader(stream);
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in reader.ReadToEnd().Split('¶'))
            if (entry.Split('§', 2) is [var name, { Length: > 0 } text])
                texts[name] = text;
        return texts;
    }
}
