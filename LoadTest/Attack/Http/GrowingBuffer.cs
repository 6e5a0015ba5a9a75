namespace CiliumDebugging.LoadTest.Attack.Http;

/// <summary>Bytes kept over several reads; grows as needed up to a limit and is reused. A mutable struct: keep it in a
/// field.</summary>
internal struct GrowingBuffer()
{
    private byte[] _bytes = [];

    /// <summary>Bytes kept.</summary>
    public int Length { get; private set; }

    /// <summary>The bytes kept; valid until the next call.</summary>
    public readonly ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>Forgets the bytes; the memory stays.</summary>
    public void Clear() => Length = 0;

    /// <summary>Keeps further bytes.</summary>
    /// <param name="bytes">At most the limit together with those kept.</param>
    /// <param name="limit">Most bytes that will ever be kept.</param>
    public void Append(ReadOnlySpan<byte> bytes, int limit)
    {
        var needed = Length + bytes.Length;
        if (needed > _bytes.Length)
            Array.Resize(
                ref _bytes,
                Math.Min(Math.Max(needed, Math.Max(1024, _bytes.Length * 2)), Math.Max(limit, needed))
            );
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length = needed;
    }
}
