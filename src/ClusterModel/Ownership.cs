namespace CiliumDebugging.ClusterModel;

/// <summary>Marks the objects that the lab created.</summary>
public static class Ownership
{
    /// <summary>The label that every object of the lab has.</summary>
    public const string Label = "app.kubernetes.io/managed-by";

    /// <summary>The value of <see cref="Label"/>, and the field manager of what the lab applies.</summary>
    public const string Name = "cilium-debugging";
}
