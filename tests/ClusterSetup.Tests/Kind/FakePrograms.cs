using CiliumDebugging.ClusterSetup.Kind.Programs;

namespace CiliumDebugging.ClusterSetup.Tests.Kind;

/// <summary>
/// A folder of programs that tests write, as the only PATH beside the shell's own tools. Each call is recorded.
/// </summary>
internal sealed class FakePrograms : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fake-programs-").FullName;

    public string Folder => _folder;

    private string Log => Path.Combine(_folder, "calls.log");

    /// <summary>The calls so far, one a line: the program and its arguments.</summary>
    public IReadOnlyList<string> Calls => File.Exists(Log) ? File.ReadAllLines(Log) : [];

    /// <summary>Writes a program; the script has the arguments in <c>"$@"</c> and as one text in <c>$all</c>.</summary>
    public FakePrograms Add(string name, string script) =>
        AddFile(name, $"#!/bin/sh\necho \"{name} $*\" >> '{Log}'\nall=\"$*\"\n{script}\n");

    /// <summary>Writes an executable file with any content.</summary>
    public FakePrograms AddFile(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        // Written under another name and moved: a file that is open for writing cannot be executed.
        File.WriteAllText(path + ".new", content);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(
                path + ".new",
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            );
        File.Move(path + ".new", path, overwrite: true);
        return this;
    }

    public ProgramRunner Runner(TimeProvider? time = null, Action<string>? onLine = null) =>
        new(SearchPath, time ?? TimeProvider.System, onLine);

    public string SearchPath => $"{_folder}:/usr/bin:/bin";

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
