using System.Text.Json.Nodes;

namespace CiliumDebugging.EmbeddedCluster.Api.Storage;

/// <summary>The objects of one kind. Guarded by the store's lock, except the log, which has its own.</summary>
internal sealed class KindTable(ObjectStoreLimits limits)
{
    public SortedDictionary<ObjectKey, StoredObject> Objects { get; } = [];

    public WatchLog Log { get; } = new(limits.MaxHistoryChanges, limits.MaxHistoryBytes);

    public List<Admission> Admissions { get; } = [];

    public List<Func<JsonObject, IEnumerable<string>>> Warnings { get; } = [];

    /// <summary>The objects as they were at a version; null when the history does not reach back so far.</summary>
    public SortedDictionary<ObjectKey, StoredObject>? At(long resourceVersion)
    {
        if (Log.NewestFirstAfter(resourceVersion) is not { } changes)
            return null;
        if (changes.Count == 0)
            return Objects;
        var past = new SortedDictionary<ObjectKey, StoredObject>(Objects);
        foreach (var change in changes)
        {
            if (change.Old is { } old)
                past[old.Key] = old;
            else
                past.Remove(change.New.Key);
        }
        return past;
    }
}
