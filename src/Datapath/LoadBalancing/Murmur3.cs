using System.Buffers.Binary;
using System.Numerics;

namespace CiliumDebugging.Datapath.LoadBalancing;

/// <summary>MurmurHash3 for 64-bit machines with 128 bits (Austin Appleby, public domain).</summary>
internal static class Murmur3
{
    private const ulong C1 = 0x87C3_7B91_1142_53D5;
    private const ulong C2 = 0x4CF5_AD43_2745_937F;
    private const int BlockBytes = 16;

    /// <summary>The two halves of the hash.</summary>
    public static (ulong First, ulong Second) Hash(ReadOnlySpan<byte> data, uint seed)
    {
        var (h1, h2) = ((ulong)seed, (ulong)seed);
        var rest = data;
        unchecked
        {
            for (; rest.Length >= BlockBytes; rest = rest[BlockBytes..])
            {
                h1 ^= MixFirst(BinaryPrimitives.ReadUInt64LittleEndian(rest));
                h1 = (BitOperations.RotateLeft(h1, 27) + h2) * 5 + 0x52DC_E729;
                h2 ^= MixSecond(BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]));
                h2 = (BitOperations.RotateLeft(h2, 31) + h1) * 5 + 0x3849_5AB5;
            }
            Span<byte> tail = stackalloc byte[BlockBytes];
            tail.Clear();
            rest.CopyTo(tail);
            h1 ^= MixFirst(BinaryPrimitives.ReadUInt64LittleEndian(tail)) ^ (ulong)data.Length;
            h2 ^= MixSecond(BinaryPrimitives.ReadUInt64LittleEndian(tail[8..])) ^ (ulong)data.Length;
            h1 += h2;
            h2 += h1;
            (h1, h2) = (Finish(h1), Finish(h2));
            h1 += h2;
            return (h1, h2 + h1);
        }
    }

    private static ulong MixFirst(ulong k) => unchecked(BitOperations.RotateLeft(k * C1, 31) * C2);

    private static ulong MixSecond(ulong k) => unchecked(BitOperations.RotateLeft(k * C2, 33) * C1);

    private static ulong Finish(ulong k)
    {
        unchecked
        {
            k = (k ^ (k >> 33)) * 0xFF51_AFD7_ED55_8CCD;
            k = (k ^ (k >> 33)) * 0xC4CE_B9FE_1A85_EC53;
            return k ^ (k >> 33);
        }
    }
}
