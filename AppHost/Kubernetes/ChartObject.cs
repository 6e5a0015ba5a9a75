using Aspire.Hosting.Kubernetes.Resources;
using CiliumDebugging.Lab.Manifests;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace CiliumDebugging.AppHost.Kubernetes;

/// <summary>
/// A template of the lab's chart as one of Aspire's objects: Aspire names the file after it, and it writes itself.
/// </summary>
internal sealed class ChartObject : BaseKubernetesResource, IYamlConvertible
{
    private readonly ChartTemplate _template;

    /// <param name="template">The template.</param>
    public ChartObject(ChartTemplate template)
        : base(template.Manifest.ApiVersion, template.Manifest.Kind)
    {
        _template = template;
        Metadata.Name = Path.GetFileNameWithoutExtension(template.File);
    }

    /// <inheritdoc/>
    public void Read(IParser parser, Type expectedType, ObjectDeserializer nestedObjectDeserializer) =>
        throw new NotSupportedException("templates are written only");

    /// <inheritdoc/>
    public void Write(IEmitter emitter, ObjectSerializer nestedObjectSerializer) => _template.WriteTo(emitter);
}
