using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Storage;

/// <summary>A write about to happen.</summary>
/// <param name="Kind">What is written.</param>
/// <param name="Namespace">Its namespace; empty for cluster-wide kinds.</param>
/// <param name="Name">Its name, already generated.</param>
/// <param name="Proposed">
/// The object about to be stored, defaults applied. May be changed, except its name, namespace and uid.
/// </param>
/// <param name="Old">The object as it is now, null on create. Not to be changed.</param>
/// <param name="IsStatus">The write goes through the status subresource: only <c>status</c> differs.</param>
/// <param name="IsDryRun">Nothing will be stored: leave no trace.</param>
public sealed record AdmissionRequest(
    ResourceKind Kind,
    string Namespace,
    string Name,
    JsonObject Proposed,
    StoredObject? Old,
    bool IsStatus,
    bool IsDryRun
);

/// <summary>
/// Looks at a write before it is stored; may complete the object or refuse it with all its problems (the client gets
/// 422 with one cause each). Runs under the store's lock, so what it reads from the store cannot change before the
/// write: it must be quick and must not write to the store.
/// </summary>
/// <returns>The problems; empty to let the write pass.</returns>
public delegate IReadOnlyList<FieldError> Admission(AdmissionRequest request);
