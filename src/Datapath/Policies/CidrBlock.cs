using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>A block of addresses. The lab's addresses are IPv4; an IPv6 block is legal in a policy and contains none of
/// them.</summary>
/// <param name="Text">The block as the policy writes it.</param>
/// <param name="IsIPv6">Whether it is a block of IPv6 addresses.</param>
/// <param name="First">The first IPv4 address; 0 for IPv6.</param>
/// <param name="Last">The last IPv4 address, inclusive; 0 for IPv6.</param>
/// <param name="PrefixLength">0–32, or 0–128 for IPv6.</param>
public sealed record CidrBlock(string Text, bool IsIPv6, uint First, uint Last, int PrefixLength)
{
    /// <summary>Whether an IPv4 address belongs to the block.</summary>
    public bool Contains(uint address) => !IsIPv6 && address >= First && address <= Last;

    /// <summary>The block of one IPv4 address.</summary>
    public static CidrBlock OfAddress(uint address) =>
        new($"{new IPAddress(BinaryPrimitives.ReverseEndianness(address))}/32", false, address, address, 32);

    /// <summary>Reads <c>address/prefix</c>. Host bits are ignored, as Cilium does.</summary>
    /// <returns>Null for any other text.</returns>
    public static CidrBlock? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
            return null;
        string address = text[..slash];
        bool isIPv6 = address.Contains(':', StringComparison.Ordinal);
        int longest = isIPv6 ? 128 : 32;
        if (!TryDecimal(text.AsSpan(slash + 1), longest, out int prefix))
            return null;
        if (isIPv6)
        {
            bool valid =
                address.All(c => char.IsAsciiHexDigit(c) || c is ':' or '.')
                && IPAddress.TryParse(address, out IPAddress? parsed)
                && parsed.AddressFamily == AddressFamily.InterNetworkV6;
            return valid ? new CidrBlock(text, true, 0, 0, prefix) : null;
        }
        if (!TryIPv4(address, out uint value))
            return null;
        uint mask = prefix == 0 ? 0 : uint.MaxValue << (32 - prefix);
        return new CidrBlock(text, false, value & mask, value | ~mask, prefix);
    }

    /// <summary>Whether the first address of <paramref name="inner"/> lies in this block, which is what Cilium asks of
    /// an exception.</summary>
    internal bool ContainsStartOf(CidrBlock inner)
    {
        if (IsIPv6 != inner.IsIPv6)
            return false;
        if (!IsIPv6)
            return Contains(inner.AddressPart());
        byte[] outerBytes = IPAddress.Parse(Text.Split('/')[0]).GetAddressBytes();
        byte[] innerBytes = IPAddress.Parse(inner.Text.Split('/')[0]).GetAddressBytes();
        for (int bit = 0; bit < PrefixLength; bit++)
        {
            int shift = 7 - bit % 8;
            if ((outerBytes[bit / 8] >> shift & 1) != (innerBytes[bit / 8] >> shift & 1))
                return false;
        }
        return true;
    }

    private uint AddressPart() => TryIPv4(Text.Split('/')[0], out uint value) ? value : First;

    private static bool TryIPv4(string text, out uint value)
    {
        value = 0;
        string[] parts = text.Split('.');
        if (parts.Length != 4)
            return false;
        foreach (string part in parts)
        {
            if (!TryDecimal(part, 255, out int number))
                return false;
            value = value << 8 | (uint)number;
        }
        return true;
    }

    /// <summary>Decimal digits without sign or leading zeros, as Go's netip demands.</summary>
    private static bool TryDecimal(ReadOnlySpan<char> text, int max, out int number)
    {
        number = 0;
        if (text.Length is 0 or > 3 || (text.Length > 1 && text[0] == '0'))
            return false;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= max;
    }
}
