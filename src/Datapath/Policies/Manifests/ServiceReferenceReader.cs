using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Reads the entries of toServices.</summary>
internal static class ServiceReferenceReader
{
    private static readonly FieldTable s_fields = new(["k8sService", "k8sServiceSelector"]);
    private static readonly FieldTable s_nameFields = new(["serviceName", "namespace"]);
    private static readonly FieldTable s_selectorFields = new(["selector", "namespace"]);

    /// <summary>Reads an entry. With both ways to select, the selector counts (cilium,
    /// pkg/policy/k8s/service.go).</summary>
    /// <returns>Null for an entry with a problem, and for one that selects nothing.</returns>
    public static ServicePeer? Read(ManifestField field, CiliumVersion release)
    {
        if (field.Map(s_fields) is not { } fields)
            return null;
        ServicePeer? named = fields.TryGetValue("k8sService", out ManifestField byName)
            ? ByName(byName, release)
            : null;
        return fields.TryGetValue("k8sServiceSelector", out ManifestField bySelector)
            ? BySelector(bySelector, release)
            : named;
    }

    private static ServicePeer? ByName(ManifestField field, CiliumVersion release)
    {
        if (field.Map(s_nameFields) is not { } fields)
            return null;
        string name = fields.TryGetValue("serviceName", out ManifestField nameField) ? nameField.Text() ?? "" : "";
        return new ServicePeer(NamespaceOf(fields), name, null, SelectsPods(release));
    }

    private static ServicePeer? BySelector(ManifestField field, CiliumVersion release)
    {
        if (field.Map(s_selectorFields) is not { } fields)
            return null;
        if (!fields.TryGetValue("selector", out ManifestField selector))
        {
            field.Report("'selector' is missing");
            return null;
        }
        LabelSelector labels = SelectorReader.Read(selector, SelectorKind.Services);
        return new ServicePeer(NamespaceOf(fields), null, labels, SelectsPods(release));
    }

    private static string NamespaceOf(Dictionary<string, ManifestField> fields) =>
        fields.TryGetValue("namespace", out ManifestField field) ? field.Text() ?? "" : "";

    private static bool SelectsPods(CiliumVersion release) => ReleaseChanges.ServicesSelectPods.In(release);
}
