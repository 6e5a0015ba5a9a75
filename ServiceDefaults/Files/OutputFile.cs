namespace CiliumDebugging.ServiceDefaults.Files;

/// <summary>A file that is opened before there is anything to write: that it cannot be written must not show only after
/// an hour of work. Its content stays until there is something better.</summary>
public static class OutputFile
{
    /// <summary>Opens a file, or creates it.</summary>
    /// <param name="path">Where it is.</param>
    /// <exception cref="IOException">It cannot be opened for writing.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written, or is a folder.</exception>
    public static FileStream Open(string path) => new(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);

    /// <summary>Drops what is left of the older content behind what was written.</summary>
    /// <param name="file">The stream; a device or a pipe has no length and is left alone.</param>
    public static void EndHere(Stream file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (file.CanSeek && file.Length > file.Position)
            file.SetLength(file.Position);
    }
}
