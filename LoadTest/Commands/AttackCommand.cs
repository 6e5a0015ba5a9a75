using System.CommandLine;
using System.Globalization;
using CiliumDebugging.LoadTest.Attack;

namespace CiliumDebugging.LoadTest.Commands;

/// <summary><c>attack URL</c>: sends requests at a constant rate and reports what became of each.</summary>
internal static class AttackCommand
{
    private static readonly AttackArguments Defaults = new();

    private static readonly Argument<string?> Url = new("url") { Description = "http://host[:port]/path", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string?> Targets = new("--targets") { Description = "Target file in vegeta's format (METHOD URL, headers, @bodyfile)", HelpName = "file" };
    private static readonly Option<string> Rate = Text("--rate", "Requests per time, e.g. 50/s, 0.5/s, 300/m; max: as fast as max-in-flight permits", Defaults.Rate);
    private static readonly Option<string> Duration = Text("--duration", "How long, e.g. 60s, 5m; forever: until Ctrl-C", Defaults.Duration);
    private static readonly Option<string> Method = Text("--method", "HTTP method", Defaults.Method);
    private static readonly Option<string[]> Header = new("--header", "-H") { Description = "Header 'Name: value'; may be repeated", HelpName = "header" };
    private static readonly Option<string?> Body = new("--body") { Description = "Request body, or @FILE", HelpName = "body" };
    private static readonly Option<string> Connections = Text("--connections", "fresh: one per request; keepalive:N: N kept alive", Defaults.Connections);
    private static readonly Option<string> Timeout = Text("--timeout", "For one request, from its start", Defaults.Timeout);
    private static readonly Option<string?> SourceIp = new("--source-ip") { Description = "Address to bind to", HelpName = "address" };
    private static readonly Option<string> PortRange = Text("--port-range", "Client ports: odd (random, as bind 0 draws them), even (in sequence), kernel, or first-last", Defaults.PortRange);
    private static readonly Option<string> Workers = Text("--workers", "Event loops", Defaults.Workers);
    private static readonly Option<string> MaxInFlight = Text("--max-in-flight", "Requests in flight at most; beyond it they are not sent", Defaults.MaxInFlight);
    private static readonly Option<string> Responder = Text("--responder", "Who answered: header:NAME, json:PATH, regex:… with a named group; default X-Pod, then host= in the body", Defaults.Responder);
    private static readonly Option<string> Engine = Text("--engine", "auto, epoll, io_uring, sockets or httpclient (https and HTTP/2)", "auto");
    private static readonly Option<bool> Insecure = new("--insecure") { Description = "Accepts any certificate (https)" };
    private static readonly Option<string?> Output = new("--output") { Description = "Saves every record: .bin, .csv or .json", HelpName = "file" };
    private static readonly Option<string?> Histograms = new("--hdr") { Description = "Writes an HdrHistogram log (µs) to this file", HelpName = "file" };

    public static Command Build()
    {
        var command = new Command("attack", "Sends HTTP requests at a constant rate, each on a fresh connection, and accounts for every one")
        {
            Url, Targets, Rate, Duration, Method, Header, Body, Connections, Timeout, SourceIp, PortRange, Workers, MaxInFlight, Responder, Engine, Insecure, Output, Histograms,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static Option<string> Text(string name, string description, string defaultValue) =>
        new(name) { Description = description, DefaultValueFactory = _ => defaultValue, HelpName = "value" };

    private static AttackArguments Read(ParseResult parsed) => new()
    {
        Url = parsed.GetValue(Url),
        TargetsFile = parsed.GetValue(Targets),
        Rate = parsed.GetRequiredValue(Rate),
        Duration = parsed.GetRequiredValue(Duration),
        Method = parsed.GetRequiredValue(Method),
        Headers = parsed.GetValue(Header) ?? [],
        Body = parsed.GetValue(Body),
        Connections = parsed.GetRequiredValue(Connections),
        Timeout = parsed.GetRequiredValue(Timeout),
        SourceIp = parsed.GetValue(SourceIp),
        PortRange = parsed.GetRequiredValue(PortRange),
        Workers = parsed.GetRequiredValue(Workers),
        MaxInFlight = parsed.GetRequiredValue(MaxInFlight),
        Responder = parsed.GetRequiredValue(Responder),
        Insecure = parsed.GetValue(Insecure),
    };

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken interrupt)
    {
        var (plan, problems) = await Read(parsed).ToPlanAsync(interrupt);
        if (plan is null)
            return AttackCommands.WriteProblems(problems);
        if (AttackEngines.Named(parsed.GetRequiredValue(Engine), plan, out var engine) is { } engineProblem)
            return AttackCommands.WriteProblems([engineProblem]);
        try
        {
            return await RunAsync(plan, engine, parsed.GetValue(Output), parsed.GetValue(Histograms), interrupt);
        }
        catch (Exception e) when ((e is InvalidOperationException ? e.InnerException : e) is IOException or UnauthorizedAccessException)
        {
            return AttackCommands.WriteProblems([(e.InnerException ?? e).Message]);
        }
    }

    private static async Task<int> RunAsync(AttackPlan plan, IAttackEngine engine, string? output, string? histograms, CancellationToken interrupt)
    {
        await using var file = output is null ? null : new RecordFileSink(output);
        await WarmUp.RunAsync(engine, interrupt);
        var results = new AttackResults();
        await using var attack = AttackControl.Start(plan, file is null ? results : new SinkPair(results, file), engine, abort: interrupt);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{plan.Targets[0].Method} {plan.Targets[0].Host}{plan.Targets[0].Path} ({plan.Targets[0].EndPoint}) at {plan.RatePerSecond}/s, engine {engine.Name}"));
        var accounting = await attack.Completion;
        AttackReport.Write(results, Console.Out);
        accounting.WriteTo(Console.Out);
        if (histograms is not null)
        {
            await using var stream = File.Create(histograms);
            results.WriteHistogramLog(stream, attack.Clock.StartedAt);
        }

        return interrupt.IsCancellationRequested ? AttackCommands.Interrupted
            : accounting.Discrepancies().Count > 0 ? AttackCommands.Failed
            : AttackCommands.Ok;
    }
}
