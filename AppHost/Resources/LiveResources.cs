using System.Collections;
using System.Collections.Immutable;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>
/// The application's resources while Pods come and go. Aspire's own collection is a plain list, which must not change
/// while another thread reads it; here a reader sees the collection as it was when it began.
///</summary>
internal sealed class LiveResources(IEnumerable<IResource> resources) : IResourceCollection
{
    private readonly Lock _lock = new();
    private volatile ImmutableBox _now = new([.. resources]);

    public int Count => _now.Items.Count;

    public bool IsReadOnly => false;

    public IResource this[int index]
    {
        get => _now.Items[index];
        set => Change(items => items.SetItem(index, value));
    }

    public void Add(IResource item) => Change(items => items.Add(item));

    public void Insert(int index, IResource item) => Change(items => items.Insert(index, item));

    public bool Remove(IResource item)
    {
        lock (_lock)
        {
            var before = _now.Items;
            _now = new(before.Remove(item));
            return _now.Items.Count < before.Count;
        }
    }

    public void RemoveAt(int index) => Change(items => items.RemoveAt(index));

    public void Clear() => Change(_ => []);

    public bool Contains(IResource item) => _now.Items.Contains(item);

    public int IndexOf(IResource item) => _now.Items.IndexOf(item);

    public void CopyTo(IResource[] array, int arrayIndex) => _now.Items.CopyTo(array, arrayIndex);

    public IEnumerator<IResource> GetEnumerator() => ((IEnumerable<IResource>)_now.Items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Change(Func<ImmutableList<IResource>, ImmutableList<IResource>> change)
    {
        lock (_lock)
            _now = new(change(_now.Items));
    }

    private sealed record ImmutableBox(ImmutableList<IResource> Items);
}
