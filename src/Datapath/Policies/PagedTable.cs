namespace CiliumDebugging.Datapath.Policies;

/// <summary>A growing array that is read without locks and written under its owner's lock. Pages keep it small where it
/// is sparse.</summary>
internal sealed class PagedTable<T>
    where T : class
{
    private const int PageBits = 8;
    private const int PageSize = 1 << PageBits;

    private T?[]?[] _pages = [];

    public T? Get(int index)
    {
        T?[]?[] all = Volatile.Read(ref _pages);
        int page = index >> PageBits;
        if ((uint)page >= (uint)all.Length)
            return null;
        T?[]? slots = Volatile.Read(ref all[page]);
        return slots is null ? null : Volatile.Read(ref slots[index & (PageSize - 1)]);
    }

    public void Set_NeedsLock(int index, T value)
    {
        int page = index >> PageBits;
        T?[]?[] all = _pages;
        if (page >= all.Length)
        {
            Array.Resize(ref all, Math.Max(page + 1, all.Length * 2));
            Volatile.Write(ref _pages, all);
        }
        T?[]? slots = all[page];
        if (slots is null)
        {
            slots = new T?[PageSize];
            Volatile.Write(ref all[page], slots);
        }
        Volatile.Write(ref slots[index & (PageSize - 1)], value);
    }
}
