using System.Diagnostics;
using System.Text.Json;
using CiliumDebugging.ClusterSetup.Kind;
using CiliumDebugging.ClusterSetup.Kind.Programs;
using CiliumDebugging.ClusterSetup.Kind.Steps;
using CiliumDebugging.EmbeddedCluster.Api.Access;
using CiliumDebugging.Releases;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.ServiceDefaults.Processes;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Tests.Kind;

/// <summary>
/// All of <c>up</c>, <c>status</c> and <c>down</c>, with programs that the test writes and the embedded API in the
/// place of the cluster's.
/// </summary>
public sealed class UpTests : IAsyncLifetime
{
    private readonly FakePrograms _fakes = new();
    private ApiFixture _api = null!;
    private FakeControllers _controllers = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string State => Path.Combine(_fakes.Folder, "state");

    private string At(string name) => Path.Combine(_fakes.Folder, name);

    private IEnumerable<string> Changes =>
        _fakes.Calls.Where(c =>
            c.Split(' ')
                is ["kind", "create" or "delete" or "load", ..]
                    or ["helm", "upgrade", ..]
                    or ["dotnet", "publish", ..]
        );

    public async ValueTask InitializeAsync()
    {
        _api = await ApiFixture.StartAsync();
        KubeconfigFile.Write(At("made-by-kind"), _api.Server.Address, ApiFixture.Token, ApiFixture.AuthorityPem);
        _fakes
            .Add(
                "docker",
                $$$"""
                case "$all" in
                  version*) echo 27.3.1;;
                  info*) echo 2;;
                  exec*"crictl images") echo 'IMAGE TAG IMAGE-ID SIZE'; sed -n 's|.*/\([a-z]*\)-\([0-9a-f]*\).tar|docker.io/cilium-debugging/\1 \2 sha256:1 90MB|p' '{{{At(
                    "loaded"
                )}}}' 2>/dev/null || true;;
                  *) exit 1;;
                esac
                """
            )
            .Add(
                "helm",
                $$$"""
                case "$all" in
                  version*) echo v3.16.2+g13654a5;;
                  history*) test -f '{{{At(
                    "described"
                )}}}' || { echo 'Error: release: not found' >&2; exit 1; }; printf '[{"status":"deployed","description":"%s"}]' "$(cat '{{{At(
                    "described"
                )}}}')";;
                  upgrade*) while [ $# -gt 0 ]; do [ "$1" = --description ] && printf %s "$2" > '{{{At(
                    "described"
                )}}}'; shift; done;;
                esac
                """
            )
            .Add(
                "dotnet",
                """
                case "$all" in
                  --version) echo 10.0.100;;
                  publish*) for a in "$@"; do case "$a" in -p:ContainerArchiveOutputPath=*) echo "$3" > "${a#*=}";; esac; done;;
                esac
                """
            )
            .Add(
                "kind",
                $$"""
                echo "$KUBECONFIG" >> '{{At("kubeconfigs")}}'
                for last in "$@"; do :; done
                case "$all" in
                  "version -q") echo 0.33.0;;
                  "get clusters") test -s '{{At("clusters")}}' && cat '{{At(
                    "clusters"
                )}}' || echo 'No kind clusters found.' >&2;;
                  "get nodes"*) printf 'lab-control-plane\nlab-worker\n';;
                  "create cluster"*)
                     echo lab > '{{At("clusters")}}'
                     if test -f '{{At("slow")}}'; then rm '{{At("slow")}}'; echo 'Preparing nodes'; exec sleep 600; fi
                     cp '{{At("made-by-kind")}}' "$last"; echo "token: very-secret";;
                  "load image-archive"*) echo "$3" >> '{{At("loaded")}}';;
                  "delete cluster"*) : > '{{At("clusters")}}'; rm -f '{{At("loaded")}}' '{{At("described")}}';;
                  *) exit 1;;
                esac
                """
            );
        foreach (var node in new[] { "lab-control-plane", "lab-worker" })
            await _api.Client.CoreV1.CreateNodeAsync(
                new V1Node
                {
                    Metadata = new V1ObjectMeta { Name = node },
                    Status = new V1NodeStatus
                    {
                        Conditions = [new V1NodeCondition { Type = "Ready", Status = "True" }],
                    },
                },
                cancellationToken: Cancellation
            );
        _controllers = await FakeControllers.StartAsync(_api.Client);
    }

    public async ValueTask DisposeAsync()
    {
        await _controllers.DisposeAsync();
        await _api.DisposeAsync();
        _fakes.Dispose();
    }

    [Fact]
    public async Task Up_makes_everything_up_again_finds_it_done_status_says_so_and_down_leaves_nothing()
    {
        var first = await UpAsync();
        first.ShouldContain("[9/9] wait until the workloads are ready");
        first.ShouldNotContain("very-secret");
        Changes
            .Select(c => string.Join(' ', c.Split(' ').Take(2)))
            .ShouldBe([
                "dotnet publish",
                "dotnet publish",
                "dotnet publish",
                "kind create",
                "kind load",
                "kind load",
                "kind load",
                "helm upgrade",
            ]);
        (
            await _api.Client.BatchV1.ReadNamespacedJobAsync(
                "scenario-runner",
                "cilium-debugging",
                cancellationToken: Cancellation
            )
        )
            .Spec.Template.Spec.Containers[0]
            .Args.ShouldContain("two-sided-l7");

        var changes = Changes.Count();
        var versions = await VersionsAsync();
        var second = await UpAsync();
        second.Split("done already").Length.ShouldBe(9, "all but looking at the programs is done");
        Changes.Count().ShouldBe(changes, "up twice changes nothing");
        (await VersionsAsync()).ShouldBe(versions, "no object is written again");

        await StatusAsync(expected: ExitCode.Success);
        var status = JsonDocument.Parse(await RunAsync("status", ExitCode.Success, "--format", "json")).RootElement;
        status.GetProperty("isComplete").GetBoolean().ShouldBeTrue();
        status
            .GetProperty("steps")
            .EnumerateArray()
            .Count(s => s.GetProperty("done").GetString() is { Length: > 0 })
            .ShouldBe(8, "all but looking at the programs");

        await UpAsync(o => o with { RunnerScenario = "stale-conntrack", Cilium = new CiliumVersion(1, 9, 1) });
        (await StatusAsync(expected: ExitCode.Success)).ShouldContain(
            "✓ install Cilium 1.9.1",
            customMessage: "status looks for what the last up was to make"
        );
        await _api.Client.BatchV1.DeleteNamespacedJobAsync(
            "scenario-runner",
            "cilium-debugging",
            propagationPolicy: "Background",
            cancellationToken: Cancellation
        );
        (await StatusAsync(expected: ExitCode.NotReproduced)).ShouldContain("- apply the workloads");
        await UpAsync(o => o with { RunnerScenario = "stale-conntrack", Cilium = new CiliumVersion(1, 9, 1) });
        (
            await _api.Client.BatchV1.ReadNamespacedJobAsync(
                "scenario-runner",
                "cilium-debugging",
                cancellationToken: Cancellation
            )
        )
            .Spec.Template.Spec.Containers[0]
            .Args.ShouldContain("stale-conntrack", "a Job is made anew");

        await DownAsync();
        Directory.Exists(Path.Combine(State, "lab")).ShouldBeFalse();
        (await File.ReadAllTextAsync(At("clusters"), Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Ctrl_C_in_the_middle_leaves_what_up_and_down_deal_with_and_no_other_kubeconfig_is_written()
    {
        // What a user has: a home with a kubeconfig, and KUBECONFIG that names another one.
        var home = Directory.CreateDirectory(At("home")).FullName;
        var decoys = new[]
        {
            Path.Combine(Directory.CreateDirectory(Path.Combine(home, ".kube")).FullName, "config"),
            At("decoy"),
        };
        foreach (var decoy in decoys)
            await File.WriteAllTextAsync(
                decoy,
                "apiVersion: v1\nkind: Config\ncurrent-context: production\n",
                Cancellation
            );
        await File.WriteAllTextAsync(At("slow"), "", Cancellation);

        using var up = Start(home, decoys[1], "up", "--kind", "--name", "lab", "--nodes", "1", "--state", State);
        var output = up.StandardOutput.ReadToEndAsync(Cancellation);
        var error = up.StandardError.ReadToEndAsync(Cancellation);
        await Eventually.HoldsAsync("kind create cluster is running", () =>
            up.HasExited || (File.Exists(At("clusters")) && !File.Exists(At("slow")))
        );
        Process.Start("kill", ["-INT", $"{up.Id}"])!.WaitForExit();
        await up.WaitForExitAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        up.ExitCode.ShouldBe(130, $"{await output}\n{await error}");
        (await error).ShouldContain(
            "stopped; the same command continues where this one was, down --name lab removes everything"
        );
        File.Exists(new KindState(State, "lab").Creating).ShouldBeTrue();

        (await UpAsync()).ShouldContain("removing what an interruption left");
        await DownAsync();
        Directory.Exists(Path.Combine(State, "lab")).ShouldBeFalse();
        foreach (var decoy in decoys)
            (await File.ReadAllTextAsync(decoy, Cancellation)).ShouldBe(
                "apiVersion: v1\nkind: Config\ncurrent-context: production\n"
            );
        (await File.ReadAllLinesAsync(At("kubeconfigs"), Cancellation))
            .Distinct()
            .ShouldBe([new KindState(State, "lab").Kubeconfig], "every program gets the lab's own kubeconfig");
    }

    [Theory]
    [InlineData(
        "dotnet",
        "publish*) echo 'error CONTAINER1013: Failed to access the registry' >&2; exit 1",
        "--base-image"
    )]
    [InlineData(
        "kind",
        "'load image-archive'*) echo 'ERROR: failed to load image: no space left on device' >&2; exit 1",
        "docker system prune"
    )]
    public async Task An_image_that_cannot_be_built_or_loaded_ends_up_with_the_next_move_and_nothing_half_done(
        string program,
        string answer,
        string next
    )
    {
        var script = (await File.ReadAllTextAsync(At(program), Cancellation)).Replace(
            "case \"$all\" in\n",
            $"case \"$all\" in\n{answer};;\n",
            StringComparison.Ordinal
        );
        _fakes.AddFile(program, script);
        var failure = await Should.ThrowAsync<ProgramException>(() => UpAsync());
        failure.Message.ShouldContain(next);
        if (program == "dotnet")
            Directory.EnumerateFiles(Path.Combine(State, "lab", "images")).ShouldBeEmpty();
        (await new LoadImages(Lab()).DoneAsync(Cancellation)).ShouldBeNull();
        await DownAsync();
        Directory.Exists(Path.Combine(State, "lab")).ShouldBeFalse();
    }

    private KindLab Lab(Func<KindOptions, KindOptions>? change = null)
    {
        var options = new KindOptions
        {
            Name = "lab",
            Workers = 1,
            StateRoot = State,
            RunnerScenario = "two-sided-l7",
        };
        var (plan, problems) = KindPlan.Make(change?.Invoke(options) ?? options);
        problems.ShouldBeEmpty();
        KindState state = new KindState(State, "lab");
        return new KindLab(
            plan!,
            new ProgramRunner(_fakes.SearchPath, TimeProvider.System) { Kubeconfig = state.Kubeconfig },
            TimeProvider.System,
            WorkloadImages.FindSources(AppContext.BaseDirectory)!
        );
    }

    private async Task<string> UpAsync(Func<KindOptions, KindOptions>? change = null)
    {
        using var output = new StringWriter();
        await new StepList(Lab(change).Steps(), output, TimeProvider.System).RunAsync(Cancellation);
        return output.ToString();
    }

    private Task<string> DownAsync() => RunAsync("down", ExitCode.Success);

    private Task<string> StatusAsync(ExitCode expected) => RunAsync("status", expected);

    /// <summary>The command as one types it: it has two of the options that <c>up</c> has.</summary>
    private async Task<string> RunAsync(string command, ExitCode expected, params string[] more)
    {
        using var process = Start(_fakes.Folder, At("decoy"), [command, "--name", "lab", "--state", State, .. more]);
        var (output, error) = (
            process.StandardOutput.ReadToEndAsync(Cancellation),
            process.StandardError.ReadToEndAsync(Cancellation)
        );
        await process.WaitForExitAsync(Cancellation);
        process.ExitCode.ShouldBe((int)expected, $"{await output}\n{await error}");
        return await output;
    }

    private async Task<List<string>> VersionsAsync() =>
        [
            .. (await _api.Client.AppsV1.ListDeploymentForAllNamespacesAsync(cancellationToken: Cancellation))
                .Items.Select(d =>
                    $"{d.Name()} {d.Metadata.Generation} {string.Join(',', d.Metadata.Annotations.Values)}"
                )
                .Order(),
        ];

    private Process Start(string home, string kubeconfig, params string[] arguments)
    {
        // env: where the tests run in the background, SIGINT is ignored, and a child would inherit that.
        var start = new ProcessStartInfo(
            "env",
            [
                "--default-signal=INT",
                DotnetProcess.DotnetHost(),
                "exec",
                Path.Combine(AppContext.BaseDirectory, "ClusterSetup.dll"),
                .. arguments,
            ]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["PATH"] = _fakes.SearchPath,
                ["HOME"] = home,
                ["KUBECONFIG"] = kubeconfig,
            },
        };
        return Process.Start(start)!;
    }
}
