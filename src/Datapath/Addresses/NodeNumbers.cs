using System.Collections.Concurrent;

namespace CiliumDebugging.Datapath.Addresses;

/// <summary>Small numbers for node names, so that a connection's way needs no look-up by string. A name keeps its
/// number for the life of the process; there are as many as names were seen.</summary>
public static class NodeNumbers
{
    private static readonly ConcurrentDictionary<string, int> s_numbers = new(StringComparer.Ordinal);
    private static int s_last = -1;

    /// <summary>The number of a name, from 0.</summary>
    public static int Of(string name) => s_numbers.GetOrAdd(name, static _ => Interlocked.Increment(ref s_last));
}
