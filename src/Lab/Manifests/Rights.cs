using CiliumDebugging.ClusterModel;
using k8s.Models;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>A service account and what it may do.</summary>
/// <param name="ns">Its namespace.</param>
/// <param name="name">Its name, which its roles have too.</param>
internal sealed class Rights(string ns, string name)
{
    private const string Rbac = "rbac.authorization.k8s.io";

    /// <summary>A rule of a role.</summary>
    public static V1PolicyRule Rule(string group, string[] resources, params string[] verbs) =>
        new()
        {
            ApiGroups = [group],
            Resources = resources,
            Verbs = verbs,
        };

    /// <summary>The service account.</summary>
    public Manifest Account() => Manifest.Of(new V1ServiceAccount { Metadata = PodParts.Meta(ns, name) });

    /// <summary>Rights in the whole cluster.</summary>
    public IEnumerable<Manifest> Everywhere(params V1PolicyRule[] rules)
    {
        var role = $"{Ownership.Name}-{name}";
        yield return Manifest.Of(new V1ClusterRole { Metadata = PodParts.Meta(null, role), Rules = rules });
        yield return Manifest.Of(
            new V1ClusterRoleBinding
            {
                Metadata = PodParts.Meta(null, role),
                RoleRef = RoleRef("ClusterRole", role),
                Subjects = [Subject()],
            }
        );
    }

    /// <summary>Rights in a namespace.</summary>
    public IEnumerable<Manifest> In(string where, params V1PolicyRule[] rules)
    {
        yield return Manifest.Of(new V1Role { Metadata = PodParts.Meta(where, name), Rules = rules });
        yield return Manifest.Of(
            new V1RoleBinding
            {
                Metadata = PodParts.Meta(where, name),
                RoleRef = RoleRef("Role", name),
                Subjects = [Subject()],
            }
        );
    }

    private static V1RoleRef RoleRef(string kind, string role) =>
        new()
        {
            ApiGroup = Rbac,
            Kind = kind,
            Name = role,
        };

    private Rbacv1Subject Subject() =>
        new()
        {
            Kind = "ServiceAccount",
            Name = name,
            NamespaceProperty = ns,
        };
}
