using System.Diagnostics;
using System.Globalization;
using CiliumDebugging.Measurement.Reports.Document;

namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>
/// Faults at random moments of a lab in a network namespace of its own: processes that are killed, signals, folders,
/// disks, limits and ports that are missing. FAULTS_SEED repeats a series, FAULTS_COUNT makes it longer
/// (bench/Faults/run).
/// </summary>
[Collection(LabsOfTheirOwn.Name)]
public sealed class FaultTests
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromMinutes(2),
        s_endLimit = TimeSpan.FromSeconds(10),
        s_runLimit = TimeSpan.FromMinutes(2);

    private static readonly string[] s_run = ["--once", "--baseline", "1s", "--observe", "3s"];

    /// <summary>What a run may say of itself: the bug that the scenario shows, and that nothing is known.</summary>
    private static readonly string[] s_diagnoses =
    [
        "two-sided-l7",
        "undecided",
        "even",
        "changing",
        "failures-during-change",
        "no-endpoints",
    ];

    /// <summary>A fault, and how the lab must end.</summary>
    /// <param name="Name">What is done.</param>
    /// <param name="ExitCodes">Exit codes that say so.</param>
    /// <param name="Says">What standard output or error must say.</param>
    private sealed record Fault(string Name, int[] ExitCodes, string Says)
    {
        /// <summary>Shell lines before the lab starts, in its folder.</summary>
        public string Setup { get; init; } = "";

        /// <summary>Whether lo is left down.</summary>
        public bool WithoutLoopback { get; init; }

        /// <summary>
        /// What is done while the lab measures; null: nothing, it cannot begin or must end by itself.
        /// </summary>
        public Action<LabProcess>? Do { get; init; }

        /// <summary>Whether the run goes on to its end.</summary>
        public bool GoesOn { get; init; }
    }

    private static readonly Fault[] s_faults =
    [
        Signal("INT", 130),
        Signal("TERM", 143),
        Signal("HUP", 129),
        new("AppHost is killed", [137], "") { Do = lab => lab.Signal("KILL") },
        new(
            "the load test is killed",
            [1],
            @"ended early  pod load-test/load-test-1-\S+, which sends the load, was killed"
        )
        {
            Do = lab => Kill(lab, "LoadTest.dll"),
        },
        new("the cluster is killed", [1], "ended early  the process cluster was killed")
        {
            Do = lab => Kill(lab, "ClusterSetup.dll"),
        },
        new("a backend is killed", [0, 3, 4], "report       artifacts/")
        {
            Do = lab => Kill(lab, "Backend.dll"),
            GoesOn = true,
        },
        new("the folder of reports is a file", [1], "the report cannot be written to .*/artifacts: .*; nothing was run")
        {
            Setup = "touch artifacts",
        },
        new("the folder of reports cannot be made", [1], "the report cannot be written to .*; nothing was run")
        {
            Setup = "ln -s /proc/1/none artifacts",
        },
        new("the disk of the reports is full", [1], "the report cannot be written to .*: .*; nothing was run")
        {
            Setup = "mkdir artifacts; mount -t tmpfs -o size=4k none artifacts",
        },
        new("few open files", [1], @"this process may open 256 files \(ulimit -n\)") { Setup = "ulimit -n 256" },
        new("no folder for temporary files", [1], "the folder for temporary files, .*, does not exist")
        {
            Setup = "export TMPDIR=$PWD/none",
        },
        new("no working directory", [1], "the working directory .*does not exist any more")
        {
            Setup = "mkdir gone; cd gone; rmdir ../gone",
        },
        new("loopback is down", [1], "the loopback interface must be up") { WithoutLoopback = true },
        new("the port of claims is taken", [1, 2], "TCP port 31999, .* is held on all addresses by python3")
        {
            Setup =
                "python3 -c 'import socket, time; s = socket.socket(); s.bind((\"\", 31999)); s.listen(); time.sleep(60)' "
                + ">/dev/null 2>&1 & sleep 0.5",
        },
    ];

    [Fact]
    public async Task Whatever_breaks_the_lab_ends_in_time_in_words_and_leaves_nothing()
    {
        PrivateNetwork.Create().Dispose(); // skips where there are none
        var seed = Number("FAULTS_SEED") ?? Random.Shared.Next();
        var count = Number("FAULTS_COUNT") ?? 4;
        var random = new Random(seed);
        TestContext.Current.TestOutputHelper?.WriteLine($"FAULTS_SEED={seed} FAULTS_COUNT={count}");
        var order = s_faults.OrderBy(_ => random.Next()).ToArray();
        for (var n = 0; n < count; n++)
        {
            var fault = order[n % order.Length];
            var moment = TimeSpan.FromSeconds(random.NextDouble() * 4);
            var what = string.Create(
                CultureInfo.InvariantCulture,
                $"{n}: {fault.Name} after {moment.TotalSeconds:0.00} s"
            );
            TestContext.Current.TestOutputHelper?.WriteLine(what);
            await CheckAsync(fault, moment, $"{what} (FAULTS_SEED={seed})");
        }
    }

    private static async Task CheckAsync(Fault fault, TimeSpan moment, string what)
    {
        await using var lab = LabProcess.StartAlone(fault.Setup, !fault.WithoutLoopback, s_run);
        IReadOnlyList<int> started = [];
        var (isComplete, watch) = (false, Stopwatch.StartNew());
        if (fault.Do is { } act)
        {
            await lab.WaitForLineAsync("› baseline", s_startLimit);
            await Task.Delay(moment, TestContext.Current.CancellationToken);
            if (lab.HasExited)
                return; // the run was over before
            (started, isComplete) = (lab.Started(), lab.Output.Contains("› observe", StringComparison.Ordinal));
            watch.Restart();
            act(lab);
        }
        var exitCode = await lab.WaitAsync(fault.Do is null || fault.GoesOn ? s_runLimit : s_endLimit);

        var seen = $"{what}, {watch.Elapsed.TotalSeconds:0.0} s\n{lab.Output}";
        // A run that was over before it could notice has its own result.
        int[] results = fault.Do is null ? [] : [0, 3, 4];
        var wasOver =
            lab.Output.Contains("report       artifacts/", StringComparison.Ordinal) && results.Contains(exitCode);
        if (!wasOver)
        {
            fault.ExitCodes.ShouldContain(exitCode, seen);
            lab.Output.ShouldMatch(fault.Says, seen);
        }
        lab.Output.ShouldNotContain("   at CiliumDebugging", customMessage: seen);
        lab.Output.ShouldNotContain("Unhandled exception", customMessage: seen);
        await Leftovers.ShouldBeGoneAsync(started, lab.Temporary, killed: lab.Id);
        var reports = lab.Folder.GetFiles("report.json", SearchOption.AllDirectories);
        if (isComplete && exitCode is not 137)
            reports.ShouldHaveSingleItem(seen);
        foreach (var report in reports.Select(r => ReportJson.ReadFile(r.FullName)))
            s_diagnoses.ShouldContain(report.Diagnosis.Name, $"{report.Diagnosis.Sentence}\n{seen}");
    }

    private static Fault Signal(string name, int exitCode) =>
        new($"SIG{name}", [exitCode], "ended early  the run was interrupted|interrupted before the first answer")
        {
            Do = lab => lab.Signal(name),
        };

    private static void Kill(LabProcess lab, string program)
    {
        var pid = lab.Started().First(p => ProcessTable.CommandLine(p).Contains(program, StringComparison.Ordinal));
        using var process = Process.GetProcessById(pid);
        process.Kill();
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
