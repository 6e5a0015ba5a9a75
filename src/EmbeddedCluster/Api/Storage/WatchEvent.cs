namespace CiliumDebugging.EmbeddedCluster.Api.Storage;

/// <summary>What happened to an object.</summary>
public enum WatchEventType
{
    Added,
    Modified,
    Deleted,
}

/// <summary>
/// One change, as one watcher sees it: an object that enters or leaves its selection is Added or Deleted to it.
/// </summary>
/// <param name="Type">What happened.</param>
/// <param name="State">
/// The object after the change; for Deleted its last state, with the resourceVersion of the deletion.
/// </param>
public readonly record struct WatchEvent(WatchEventType Type, StoredObject State);

/// <summary>One write in the history of a kind.</summary>
/// <param name="ResourceVersion">The version that the write was given.</param>
/// <param name="New">The object after it; for a deletion its last state under the new version.</param>
/// <param name="Old">The object before it; null for a creation.</param>
/// <param name="IsDeletion">Whether the object is gone.</param>
internal readonly record struct Change(long ResourceVersion, StoredObject New, StoredObject? Old, bool IsDeletion)
{
    /// <summary>The change as seen through a selection; null when it does not concern it.</summary>
    public WatchEvent? Through(Selection selection)
    {
        var was = Old is not null && selection.Matches(Old);
        var remains = !IsDeletion && selection.Matches(New);
        return (was, remains) switch
        {
            (false, true) => new WatchEvent(WatchEventType.Added, New),
            (true, true) => new WatchEvent(WatchEventType.Modified, New),
            (true, false) => new WatchEvent(WatchEventType.Deleted, New),
            _ => null,
        };
    }
}
