namespace CiliumDebugging.Testing;

/// <summary>The repository that the tests were built from.</summary>
internal static class Repository
{
    /// <summary>Its folder.</summary>
    public static string Root { get; } = Find();

    /// <summary>The text of one of its files.</summary>
    public static string Read(params string[] path) => File.ReadAllText(Path.Combine([Root, .. path]));

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "CiliumDebugging.slnx")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("the repository");
        return folder.FullName;
    }
}
