namespace CiliumDebugging.Datapath.Tests.Golden;

/// <summary>Answers of real Cilium, as data: see README.md beside this file.</summary>
internal static class GoldenData
{
    /// <summary>The path of a file of answers.</summary>
    public static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Golden", name);
}
