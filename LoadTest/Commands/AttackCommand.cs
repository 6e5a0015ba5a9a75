using System.CommandLine;
using CiliumDebugging.LoadTest.Attack;
using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Engines;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Attack.Search;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.ServiceDefaults.Files;
using CiliumDebugging.ServiceDefaults.Pods;

namespace CiliumDebugging.LoadTest.Commands;

/// <summary><c>attack URL</c>: sends requests at a constant rate and reports what became of each.</summary>
internal static class AttackCommand
{
    private static readonly Option<string?> s_output = AttackCommands.OfFile(
        new Option<string?>("--output") { Description = "Saves every record: .bin, .csv or .json", HelpName = "file" }
    );
    private static readonly Option<string?> s_histograms = AttackCommands.OfFile(
        new Option<string?>("--hdr")
        {
            Description =
                "Writes an HdrHistogram log (µs) and the counts to this file (-: after the report); report merges them",
            HelpName = "file",
        }
    );

    private static readonly Option<string> s_format = FormatOption.Create();

    public static Command Build()
    {
        s_output.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { Length: > 0 } file && RecordFile.FormatOf(file) is null)
                result.AddError($"--output '{file}': expected a name that ends with .bin, .csv or .json");
        });
        var command = new Command(
            "attack",
            "Sends HTTP requests at a constant rate, each on a fresh connection, and accounts for every one"
        );
        AttackOptions.AddTo(command);
        command.Add(s_output);
        command.Add(s_histograms);
        command.Add(s_format);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        // In a Pod of the embedded cluster, which is a process of this machine, requests start from the Pod's address,
        // and Services are found without DNS.
        var sandbox = PodSandbox.OfKubelet(new ConfigurationBuilder().AddEnvironmentVariables().Build());
        // Not disposed: the kubelet may be gone at any time until the process ends.
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (sandbox is not null)
            KubeletWatch.Start(stop.Cancel);
        return await RunAsync(parsed, sandbox, stop.Token);
    }

    private static async Task<int> RunAsync(ParseResult parsed, PodSandbox? sandbox, CancellationToken interrupt)
    {
        var arguments = AttackOptions.Read(parsed);
        AttackPlan? plan;
        try
        {
            (plan, var problems) = await arguments.ToPlanAsync(interrupt, sandbox);
            if (plan is null)
                return AttackCommands.WriteProblems(problems);
        }
        catch (OperationCanceledException) when (interrupt.IsCancellationRequested)
        {
            return (int)ExitCode.Interrupted;
        }
        var notes = parsed.IsJson(s_format) ? Console.Error : Console.Out;
        var engineName = parsed.GetRequiredValue(AttackOptions.Engine);
        var (engine, engineProblem) = AttackEngines.Named(engineName, plan);
        if (engineProblem is not null)
            return AttackCommands.WriteProblems([engineProblem]);
        if (engineName == "auto" && AttackEngines.FallbackReason(plan) is { } reason)
            Console.Error.WriteLine($"note: engine {engine.Name} instead of io_uring: {reason}");
        try
        {
            await WarmUp.RunAsync(engine, interrupt);
            if (arguments.FindsMaximum)
            {
                plan = await MaxRate.FindAsync(
                    plan,
                    step => AttackEngines.Named(engineName, step).Engine,
                    notes.WriteLine,
                    interrupt
                );
                if (plan is null)
                    return interrupt.IsCancellationRequested
                        ? (int)ExitCode.Interrupted
                        : AttackCommands.WriteFailure(
                            "no rate holds: see the steps above for what went wrong at the lowest"
                        );
                engine = AttackEngines.Named(engineName, plan).Engine;
            }
            return await RunAsync(parsed, plan, engine, notes, interrupt);
        }
        catch (Exception e)
            when ((e is InvalidOperationException ? e.InnerException : e) is IOException or UnauthorizedAccessException)
        {
            // Only what the sink threw is wrapped; the cause inside a refused access does not name the file.
            return AttackCommands.WriteProblems([(e is InvalidOperationException ? e.InnerException! : e).Message]);
        }
    }

    private static async Task<int> RunAsync(
        ParseResult parsed,
        AttackPlan plan,
        IAttackEngine engine,
        TextWriter notes,
        CancellationToken interrupt
    )
    {
        var (output, histograms) = (parsed.GetValue(s_output), parsed.GetValue(s_histograms));
        await using var file = output is null ? null : new RecordFileSink(output);
        await using var log =
            histograms is null ? null
            : histograms == "-" ? Console.OpenStandardOutput()
            : OutputFile.Open(histograms);
        using var export = TelemetryExport.Start();
        var results = new AttackResults();
        var before = Environment.CpuUsage;
        await using var attack = AttackControl.Start(
            plan,
            file is null ? results : new SinkPair(results, file),
            engine,
            abort: interrupt
        );
        var target = plan.Targets[0];
        notes.Write($"{target.Method} {target.Host}{target.Path} ({target.EndPoint}) {Rate(plan)}");
        notes.WriteLine($"{Bursts(plan, engine)}, engine {engine.Name}{(plan.Http2 ? ", HTTP/2" : "")}");
        // A Pod of several, and a program that reads JSON, are not watched.
        if (histograms != "-" && !parsed.IsJson(s_format))
            await AttackProgress.ShowAsync(attack, Console.Error, !Console.IsErrorRedirected);
        var accounting = await attack.Completion;
        AttackCommands.WriteResults(results, parsed.IsJson(s_format));
        WriteProcessorTime(before, accounting, notes);
        if (log is not null)
        {
            HistogramLog.Write(results, log, attack.Clock.StartedAt);
            OutputFile.EndHere(log);
        }
        if (interrupt.IsCancellationRequested)
            return (int)ExitCode.Interrupted;
        // One Pod of several has not failed where policy lets no request of it pass: those who merge the logs decide.
        return histograms == "-" && accounting.Discrepancies().Count == 0
            ? (int)ExitCode.Success
            : (int)AttackCommands.EndOf(accounting);
    }

    private static string Rate(AttackPlan plan) =>
        double.IsPositiveInfinity(plan.RatePerSecond)
            ? $"as fast as {plan.MaxInFlight} in flight permit"
            : $"at {plan.RatePerSecond}/s";

    private static string Bursts(AttackPlan plan, IAttackEngine engine) =>
        plan.BurstOf(engine.WorkersOf(plan)) is > 1 and var burst ? $" ({burst} together)" : "";

    private static void WriteProcessorTime(
        Environment.ProcessCpuUsage before,
        AttackAccounting accounting,
        TextWriter notes
    )
    {
        var (after, requests) = (Environment.CpuUsage, Math.Max(1, accounting.Started));
        var total = (after.TotalTime - before.TotalTime).TotalMicroseconds / requests;
        var kernel = (after.PrivilegedTime - before.PrivilegedTime).TotalMicroseconds / requests;
        notes.WriteLine($"processor time per request {total:0.0}µs (kernel {kernel:0.0}µs)");
    }
}
