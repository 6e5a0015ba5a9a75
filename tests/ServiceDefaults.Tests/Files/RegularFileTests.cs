using System.Diagnostics;
using System.Text;
using CiliumDebugging.ServiceDefaults.Files;

namespace CiliumDebugging.ServiceDefaults.Tests.Files;

public sealed class RegularFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("regular-file-");

    public void Dispose() => _folder.Delete(recursive: true);

    private string File(string name, string text = "text")
    {
        var path = Path.Combine(_folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    [Fact]
    public void A_file_is_read_up_to_its_limit_and_not_beyond()
    {
        var file = File("file", new string('x', 1024));

        RegularFile.ReadText(file, 1024).Length.ShouldBe(1024);
        Should
            .Throw<IOException>(() => RegularFile.ReadText(file, 1023))
            .Message.ShouldBe($"'{file}' is larger than 0 KiB, which is the limit");
        RegularFile.ReadText(File("empty", ""), 10).ShouldBe("");
        RegularFile.ReadText("/proc/self/status", 1 << 20).ShouldContain("Pid:");
        RegularFile.ReadBytes(File("binary", "ä"), 10).ShouldBe(Encoding.UTF8.GetBytes("ä"));
    }

    [Fact]
    public void A_named_pipe_a_folder_and_a_device_without_an_end_are_refused_at_once()
    {
        var pipe = Path.Combine(_folder.FullName, "pipe");
        using (var mkfifo = Process.Start("mkfifo", [pipe]))
            mkfifo.WaitForExit();

        Should
            .Throw<IOException>(() => RegularFile.ReadText(pipe, 1024))
            .Message.ShouldBe($"'{pipe}' is not a regular file");
        Should
            .Throw<IOException>(() => RegularFile.ReadText(_folder.FullName, 1024))
            .Message.ShouldContain("is a folder");
        Should.Throw<IOException>(() => RegularFile.ReadText("/dev/zero", 1024)).Message.ShouldContain("1 KiB");
        Should.Throw<FileNotFoundException>(() => RegularFile.ReadText(Path.Combine(_folder.FullName, "none"), 1024));
    }

    [Fact]
    public async Task A_pipe_of_the_users_own_is_read_when_something_writes_it_and_refused_when_nothing_does()
    {
        var pipe = Path.Combine(_folder.FullName, "pipe");
        using (var mkfifo = Process.Start("mkfifo", [pipe]))
            await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        RegularFile.ReadTextOrPipe(File("file"), 10).ShouldBe("text");
        Should.Throw<IOException>(() => RegularFile.ReadTextOrPipe("/dev/zero", 1024)).Message.ShouldContain("1 KiB");

        using (var writer = Process.Start("sh", ["-c", $"(printf to; sleep 0.3; printf ken) > {pipe}"]))
        {
            RegularFile.ReadTextOrPipe(pipe, 10).ShouldBe("token");
            await writer.WaitForExitAsync(TestContext.Current.CancellationToken);
            writer.ExitCode.ShouldBe(0);
        }
        using (var writer = Process.Start("sh", ["-c", $"exec head -c 2000 /dev/zero > {pipe}"]))
            Should.Throw<IOException>(() => RegularFile.ReadTextOrPipe(pipe, 1024)).Message.ShouldContain("1 KiB");
        Should
            .Throw<IOException>(() => RegularFile.ReadTextOrPipe(pipe, 10))
            .Message.ShouldBe($"'{pipe}' is a pipe whose writer has not ended within 5 s: name a file");
    }

    [Fact]
    public void Neither_a_name_nor_a_symbolic_link_leaves_the_folder()
    {
        var inside = Path.Combine(_folder.FullName, "scenario");
        File("secret");
        File("scenario/policy.yaml");
        File("scenario/..data/linked.yaml");
        System.IO.File.CreateSymbolicLink(Path.Combine(inside, "linked.yaml"), "..data/linked.yaml");
        System.IO.File.CreateSymbolicLink(Path.Combine(inside, "out.yaml"), "../secret");
        System.IO.File.CreateSymbolicLink(Path.Combine(inside, "passwd"), "/etc/passwd");
        Directory.CreateSymbolicLink(Path.Combine(inside, "etc"), "/etc");
        System.IO.File.CreateSymbolicLink(Path.Combine(inside, "loop"), "loop");

        RegularFile.Inside(inside, "policy.yaml").ShouldBe(Path.Combine(inside, "policy.yaml"));
        // As Kubernetes mounts a ConfigMap.
        RegularFile.ReadText(RegularFile.Inside(inside, "linked.yaml"), 100).ShouldBe("text");
        foreach (
            var name in (string[])
                ["../secret", "/etc/passwd", "out.yaml", "passwd", "etc/passwd", "a/../../secret", "loop"]
        )
            Should
                .Throw<IOException>(() => RegularFile.Inside(inside, name))
                .Message.ShouldBe($"'{name}' is not in the folder {inside}/");
    }
}
