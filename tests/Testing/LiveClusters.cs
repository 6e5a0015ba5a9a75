namespace CiliumDebugging.Testing;

/// <summary>
/// Tests with live clusters that need the whole machine, for their rate or because they look at its ports: one after
/// the other, and beside no other test.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class LiveClusters
{
    public const string Name = "live clusters";
}
