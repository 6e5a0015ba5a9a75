using System.Globalization;

namespace CiliumDebugging.LoadTest.Contract;

/// <summary>How the next client port is chosen.</summary>
public enum ClientPortOrder
{
    /// <summary>A random port of the range's odd offsets, walking on by 2 over ports in use: what Linux does for
    /// bind(address, 0), hence what vegeta does (<c>inet_csk_find_open_port</c>).</summary>
    RandomOdd,

    /// <summary>The range's even offsets nearly in sequence, one in 16 skipped: what Linux does for a connect without
    /// bind (<c>__inet_hash_connect</c>).</summary>
    EvenInSequence,

    /// <summary>Any port of the range, uniformly at random.</summary>
    Random,

    /// <summary>No bind: the kernel chooses at connect. Not possible together with a source address.</summary>
    Kernel,
}

/// <summary>The client ports that an attack may use and the order in which it draws them.</summary>
/// <param name="First">First port of the range, 1–65535.</param>
/// <param name="Last">Last port of the range (inclusive), at least <paramref name="First"/>, at most 65535.</param>
/// <param name="Order">How the next one is drawn.</param>
public readonly record struct ClientPortRange(int First, int Last, ClientPortOrder Order)
{
    /// <summary>Linux's default <c>ip_local_port_range</c>.</summary>
    public const int LinuxFirst = 32768,
        LinuxLast = 60999;

    /// <summary>14,116 random odd ports: the draw of a client that binds to port 0. The default.</summary>
    public static ClientPortRange RandomOdd => new(LinuxFirst, LinuxLast, ClientPortOrder.RandomOdd);

    /// <summary>14,116 even ports nearly in sequence: the draw of a client that connects without a bind.</summary>
    public static ClientPortRange EvenInSequence => new(LinuxFirst, LinuxLast, ClientPortOrder.EvenInSequence);

    /// <summary>No bind at all; the kernel chooses.</summary>
    public static ClientPortRange Kernel => new(LinuxFirst, LinuxLast, ClientPortOrder.Kernel);

    /// <summary>Distinct ports that can be drawn.</summary>
    public int Count =>
        Order switch
        {
            ClientPortOrder.RandomOdd => (Last - First + 1) / 2,
            ClientPortOrder.EvenInSequence => (Last - First + 2) / 2,
            _ => Last - First + 1,
        };

    /// <summary>Reads <c>odd</c>, <c>even</c>, <c>kernel</c>, <c>a-b</c> (any port of the range at random),
    /// <c>odd:a-b</c> or <c>even:a-b</c>.</summary>
    /// <returns>The range and null, or the default and what is wrong with the text.</returns>
    public static (ClientPortRange Range, string? Problem) Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var (word, numbers) =
            colon >= 0 ? (text[..colon], text[(colon + 1)..])
            : text.Contains('-', StringComparison.Ordinal) ? ("", text)
            : (text, null);
        ClientPortOrder? order = word switch
        {
            "" when numbers is not null => ClientPortOrder.Random,
            "odd" => ClientPortOrder.RandomOdd,
            "even" => ClientPortOrder.EvenInSequence,
            "kernel" when colon < 0 => ClientPortOrder.Kernel,
            _ => null,
        };
        var range = RandomOdd with { Order = order ?? ClientPortOrder.RandomOdd };
        if (
            order is not null
            && numbers?.Split('-') is [var first, var last]
            && IsPort(first, out var from)
            && IsPort(last, out var to)
        )
            range = range with { First = from, Last = to };
        else if (order is not null && numbers is not null)
            return (RandomOdd, $"port range '{text}': expected first-last, e.g. 32768-60999");
        var problem = order is null
            ? "expected odd, even, kernel, first-last, odd:first-last or even:first-last"
            : range.Problem;
        return problem is null ? (range, null) : (RandomOdd, $"port range '{text}': {problem}");
    }

    private static bool IsPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port);

    /// <summary>What is wrong with this range; null when it can be used.</summary>
    public string? Problem =>
        First < 1 || Last > 65535 ? "ports go from 1 to 65535"
        : Last < First ? "the last port is below the first"
        : Count == 0 ? "it holds no port at an odd offset; widen it"
        : null;

    public override string ToString() =>
        Order switch
        {
            ClientPortOrder.Kernel => "kernel",
            ClientPortOrder.RandomOdd => $"odd:{First}-{Last}",
            ClientPortOrder.EvenInSequence => $"even:{First}-{Last}",
            _ => $"{First}-{Last}",
        };
}
