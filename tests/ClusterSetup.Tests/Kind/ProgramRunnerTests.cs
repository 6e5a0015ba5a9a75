using System.Diagnostics;
using CiliumDebugging.ClusterSetup.Kind.Programs;
using CiliumDebugging.ServiceDefaults.Processes;
using CiliumDebugging.Testing;

namespace CiliumDebugging.ClusterSetup.Tests.Kind;

public class ProgramRunnerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_failure_shows_the_command_to_paste_its_output_the_cause_and_the_next_move()
    {
        using var fakes = new FakePrograms().Add(
            "kind",
            "echo 'ERROR: failed to create cluster: failed to pull image \"kindest/node:v1.19.16\"' >&2; exit 1"
        );
        var failure = await Should.ThrowAsync<ProgramException>(() =>
            fakes
                .Runner()
                .ReadAsync(new ProgramCall("kind", ["create", "cluster", "--name", "it's mine"]), Cancellation)
        );
        failure.Message.ShouldContain(@"$ kind create cluster --name 'it'\''s mine'");
        failure.Message.ShouldContain("ERROR: failed to create cluster");
        failure.Message.ShouldContain("cause: the node image cannot be pulled");
        failure.Message.ShouldContain("next:  pull it manually");
    }

    [Theory]
    [InlineData("kind", "is not a valid cluster name", "--name")]
    [InlineData(
        "docker",
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock",
        "systemctl start docker"
    )]
    [InlineData(
        "helm",
        "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
        "helm uninstall"
    )]
    [InlineData(
        "helm",
        "Error: looks like \"https://helm.cilium.io/\" is not a valid chart repository or cannot be reached",
        "--chart"
    )]
    [InlineData("dotnet", "error MSB4018: HttpRequestException", "--base-image")]
    [InlineData("kind", "segmentation fault", "run the command manually")]
    [InlineData("kind", "", "run the command manually")]
    public async Task Every_known_complaint_has_a_next_move(string program, string complaint, string next)
    {
        using var fakes = new FakePrograms().Add(program, $"echo '{complaint}' >&2; exit 3");
        var failure = await Should.ThrowAsync<ProgramException>(() =>
            fakes.Runner().ReadAsync(new ProgramCall(program, []), Cancellation)
        );
        failure.Message.ShouldContain("exit code 3");
        failure.Message.ShouldContain(next);
    }

    [Fact]
    public async Task A_program_that_is_missing_is_named_with_how_to_get_it()
    {
        using var fakes = new FakePrograms();
        var failure = await Should.ThrowAsync<ProgramException>(() =>
            fakes.Runner().ReadAsync(new ProgramCall("helm", ["version"]), Cancellation)
        );
        failure.Message.ShouldContain("helm cannot be started");
        failure.Message.ShouldContain("helm.sh/docs/intro/install");
    }

    [Fact]
    public async Task A_file_that_is_no_program_is_named()
    {
        using var fakes = new FakePrograms().AddFile("helm", "\0\0 no program");
        (
            await Should.ThrowAsync<ProgramException>(() =>
                fakes.Runner().ReadAsync(new ProgramCall("helm", []), Cancellation)
            )
        ).Message.ShouldContain("helm");
    }

    [Fact]
    public async Task A_program_that_takes_too_long_is_ended_and_named_with_what_it_said()
    {
        using var fakes = new FakePrograms().Add("kind", "echo working; exec sleep 600");
        var start = Stopwatch.GetTimestamp();
        var failure = await Should.ThrowAsync<ProgramException>(() =>
            fakes
                .Runner()
                .ReadAsync(new ProgramCall("kind", ["create"]) { Limit = TimeSpan.FromSeconds(0.5) }, Cancellation)
        );
        failure.Message.ShouldContain("was ended after");
        failure.Message.ShouldContain("working");
        Stopwatch.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Cancelling_ends_a_program_that_does_not_listen_to_its_interrupt()
    {
        using var fakes = new FakePrograms().Add(
            "kind",
            "trap '' INT TERM; echo $$ > \"$0.pid\"; while :; do sleep 600 & wait; done"
        );
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var running = fakes.Runner().RunAsync(new ProgramCall("kind", []), stop.Token);
        var pidFile = Path.Combine(fakes.Folder, "kind.pid");
        await CiliumDebugging.Testing.Eventually.HoldsAsync("the program runs", () =>
            File.Exists(pidFile) && File.ReadAllText(pidFile).Trim().Length > 0
        );
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => running);
        var pid = (await File.ReadAllTextAsync(pidFile, Cancellation)).Trim();
        await CiliumDebugging.Testing.Eventually.HoldsAsync("the program is gone", () =>
            !Directory.Exists($"/proc/{pid}")
            || File.ReadAllText($"/proc/{pid}/stat").Contains(") Z", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Output_is_kept_within_bounds_however_much_there_is()
    {
        using var fakes = new FakePrograms().Add(
            "kind",
            "i=0; while [ $i -lt 5000 ]; do echo \"line $i\"; i=$((i+1)); done; head -c 200000 /dev/zero | tr '\\0' x; exit 1"
        );
        var result = await fakes.Runner().RunAsync(new ProgramCall("kind", []), Cancellation);
        result.Output.Length.ShouldBeLessThan(20_000);
        result.Output.ShouldContain("line 4999");
        result.Output.ShouldNotContain("line 100\n");
    }

    [Theory]
    [InlineData("    token: eyJhbGciOiJSUzI1NiJ9.abc.def", "eyJ")]
    [InlineData("""{"client-key-data":"LS0tLS1CRUdJTg==","x":1}""", "LS0t")]
    [InlineData("certificate-authority-data: LS0tLS1CRUdJTg==", "LS0t")]
    [InlineData("Authorization: Bearer s3cr3t-value", "s3cr3t")]
    [InlineData("--set hubble.tls.server.keyPassword=hunter2", "hunter2")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow")]
    public async Task No_secret_of_a_programs_output_is_shown(string line, string secret)
    {
        using var fakes = new FakePrograms().Add("kind", $"cat <<'END'\n{line}\nEND\nexit 1");
        var shown = new List<string>();
        var failure = await Should.ThrowAsync<ProgramException>(() =>
            fakes.Runner(onLine: shown.Add).ReadAsync(new ProgramCall("kind", []) { IsLong = true }, Cancellation)
        );
        failure.Message.ShouldContain(Secrets.Hidden);
        failure.Message.ShouldNotContain(secret);
    }
}
