using CiliumDebugging.EmbeddedCluster.Api.Patching;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;

namespace CiliumDebugging.EmbeddedCluster.Api.Storage;

/// <summary>How to write.</summary>
/// <param name="Status">Only <c>status</c>; otherwise everything but it.</param>
/// <param name="DryRun">Only say what would happen.</param>
internal sealed record WriteOptions(bool Status = false, bool DryRun = false)
{
    /// <summary>Collects members that the schema does not know; null: they are dropped.</summary>
    public UnknownFields? Unknown { get; init; }

    /// <summary>
    /// The recorded owner of changed fields; null: none (writers inside the process, and apply, which records itself).
    /// </summary>
    public FieldManager? Manager { get; init; }
}
