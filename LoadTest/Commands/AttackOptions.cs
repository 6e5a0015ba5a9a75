using System.CommandLine;

namespace CiliumDebugging.LoadTest.Commands;

/// <summary>The options of an attack: what is sent, how, and for how long. The same for an attack from here and from pods.</summary>
public static class AttackOptions
{
    private static readonly AttackArguments Defaults = new();

    private static readonly Argument<string?> Url = new("url") { Description = "http://host[:port]/path", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string?> Targets = AttackCommands.OfFile(new Option<string?>("--targets") { Description = "Target file in vegeta's format (METHOD URL, headers, @bodyfile)", HelpName = "file" });
    private static readonly Option<string> Rate = Text("--rate", "Requests per time, e.g. 50/s, 0.5/s, 300/m; max: finds the highest rate that holds, for half of the duration, and holds it; infinity: as fast as max-in-flight permits", Defaults.Rate);
    private static readonly Option<string> Duration = Text("--duration", "How long, e.g. 60s, 5m; forever: until Ctrl-C", Defaults.Duration);
    private static readonly Option<string> Method = Text("--method", "HTTP method", Defaults.Method);
    private static readonly Option<string[]> Header = new("--header", "-H") { Description = "Header 'Name: value'; may be repeated", HelpName = "header" };
    private static readonly Option<string?> Body = AttackCommands.OfFile(new Option<string?>("--body") { Description = "Request body, or @FILE", HelpName = "body" }, nothing: "@");
    private static readonly Option<string> Connections = Text("--connections", "fresh: one per request; keepalive:N: N kept alive", Defaults.Connections);
    private static readonly Option<string> Timeout = Text("--timeout", "For one request, from its start", Defaults.Timeout);
    private static readonly Option<string> Burst = Text("--burst", "Requests that start together, so that one wake-up serves them; 1: each at its own time; auto: 2 for fresh connections from 1,000/s to below 5,000/s for each worker, else 1", Defaults.Burst);
    private static readonly Option<string?> SourceIp = new("--source-ip") { Description = "Address to bind to", HelpName = "address" };
    private static readonly Option<string> PortRange = Text("--port-range", "Client ports: odd (random, as bind 0 draws them), even (in sequence), kernel, or first-last", Defaults.PortRange);
    private static readonly Option<string> Workers = Text("--workers", "Event loops", Defaults.Workers);
    private static readonly Option<string> MaxInFlight = Text("--max-in-flight", "Requests in flight at most; beyond it they are not sent", Defaults.MaxInFlight);
    private static readonly Option<string> Responder = Text("--responder", "Who answered: header:NAME, json:PATH, regex:… with a named group; default X-Pod, then host= in the body", Defaults.Responder);
    internal static readonly Option<string> Engine = Text("--engine", "auto, epoll, io_uring, sockets or httpclient (https and HTTP/2)", "auto");
    private static readonly Option<bool> Insecure = new("--insecure") { Description = "Accepts any certificate (https)" };

    /// <summary>Where to, and the options of everything else.</summary>
    internal static IReadOnlyList<Option> All { get; } =
        [Targets, Rate, Duration, Method, Header, Body, Connections, Timeout, Burst, SourceIp, PortRange, Workers, MaxInFlight, Responder, Engine, Insecure];

    /// <summary>Adds the URL and the options to a command.</summary>
    public static void AddTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        command.Add(Url);
        foreach (var option in All)
            command.Add(option);
    }

    /// <summary>What was written.</summary>
    public static AttackArguments Read(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        return new AttackArguments
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
            Burst = parsed.GetRequiredValue(Burst),
            SourceIp = parsed.GetValue(SourceIp),
            PortRange = parsed.GetRequiredValue(PortRange),
            Workers = parsed.GetRequiredValue(Workers),
            MaxInFlight = parsed.GetRequiredValue(MaxInFlight),
            Responder = parsed.GetRequiredValue(Responder),
            Insecure = parsed.GetValue(Insecure),
        };
    }

    /// <summary>The command line of an attack with what was given here: the URL, then each option that was written.</summary>
    /// <param name="parsed">What was written.</param>
    /// <param name="except">Options left out.</param>
    public static IReadOnlyList<string> Spell(ParseResult parsed, params IEnumerable<string> except)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        var words = new List<string>();
        if (parsed.GetValue(Url) is { } url)
            words.Add(url);
        foreach (var option in All.Where(option => !except.Contains(option.Name)))
        {
            if (parsed.GetResult(option) is not { Implicit: false } given)
                continue;
            foreach (var token in given.Tokens.Select(token => token.Value).DefaultIfEmpty())
                words.AddRange(token is null ? [option.Name] : [option.Name, token]);
        }

        return words;
    }

    private static Option<string> Text(string name, string description, string defaultValue) =>
        new(name) { Description = description, DefaultValueFactory = _ => defaultValue, HelpName = "value" };
}
