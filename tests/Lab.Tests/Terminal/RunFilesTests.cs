using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Terminal;

public sealed class RunFilesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("run-files-");

    private static RunReport Reproduced => SampleRun.Create() with { Expectations = [] };

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_run_that_is_saved_has_the_exit_code_of_what_it_showed()
    {
        ExitCodeOf(Reproduced).ShouldBe(ExitCode.Success);
        ExitCodeOf(SampleRun.Create()).ShouldBe(ExitCode.NotReproduced);
        ExitCodeOf(Reproduced with { EndedEarly = EarlyEnd.Interrupted }).ShouldBe(ExitCode.Interrupted);
        ExitCodeOf(Reproduced with { EndedEarly = new("a pod was killed", false) }).ShouldBe(ExitCode.Failed);
        var gated = Reproduced.Phases[0] with { MachineGate = "this machine cannot keep up (…)" };
        ExitCodeOf(Reproduced with { Phases = [gated] }).ShouldBe(ExitCode.MachineTooSlow);
    }

    [Fact]
    public void A_report_that_cannot_be_written_is_a_failure_that_names_the_folder()
    {
        var file = Path.Combine(_folder.FullName, "artifacts");
        File.WriteAllText(file, "");

        var files = RunFiles.Save(Reproduced, file);

        files.Line.ShouldStartWith($"the report cannot be written to {file}: ");
        RunFiles.ExitCodeOf(Reproduced, files).ShouldBe(ExitCode.Failed);
        Should
            .Throw<IOException>(() => RunFiles.Check(file))
            .Message.ShouldStartWith($"the report cannot be written to {file}: ");
    }

    private ExitCode ExitCodeOf(RunReport report) =>
        RunFiles.ExitCodeOf(report, RunFiles.Save(report, _folder.FullName));
}
