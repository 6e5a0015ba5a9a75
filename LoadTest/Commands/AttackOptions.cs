using System.CommandLine;

namespace CiliumDebugging.LoadTest.Commands;

/// <summary>The options of an attack: what is sent, how, and for how long. The same for an attack from here and from
/// pods.</summary>
public static class AttackOptions
{
    private static readonly AttackArguments s_defaults = new();

    private static readonly Argument<string?> s_url = new("url")
    {
        Description = "http://host[:port]/path",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<string?> s_targets = AttackCommands.OfFile(
        new Option<string?>("--targets")
        {
            Description =
                "Target file in vegeta's formats: METHOD URL, headers, @bodyfile; or JSON, one target on each line. "
                + "-: standard input",
            HelpName = "file",
        }
    );
    private static readonly Option<string> s_rate = Text(
        "--rate",
        "Requests per time, e.g. 50/s, 0.5/s, 300/m; max: finds the highest rate that holds, for half of the duration, "
            + "and holds it; infinity, or 0 with --max-in-flight: as fast as max-in-flight permits",
        s_defaults.Rate
    );
    private static readonly Option<string> s_duration = Text(
        "--duration",
        "How long, e.g. 60s, 5m; forever: until Ctrl-C",
        s_defaults.Duration
    );
    private static readonly Option<string> s_method = Text("--method", "HTTP method", s_defaults.Method);
    private static readonly Option<string[]> s_header = new("--header", "-H")
    {
        Description = "Header 'Name: value'; may be repeated",
        HelpName = "header",
    };
    private static readonly Option<string?> s_body = AttackCommands.OfFile(
        new Option<string?>("--body") { Description = "Request body, or @FILE", HelpName = "body" },
        nothing: "@"
    );
    private static readonly Option<string> s_connections = Text(
        "--connections",
        "fresh: one per request; keepalive:N: N kept alive, with --http2 each used by many requests at a time",
        s_defaults.Connections
    );
    private static readonly Option<bool> s_http2 = new("--http2")
    {
        Description = "HTTP/2; over http with prior knowledge: the server must speak it without being upgraded to it",
    };
    private static readonly Option<string> s_timeout = Text(
        "--timeout",
        "For one request, from its start",
        s_defaults.Timeout
    );
    private static readonly Option<string> s_burst = Text(
        "--burst",
        "Requests that start together, so that one wake-up serves them; 1: each at its own time; auto: 2 for fresh "
            + "connections from 1,000/s to below 5,000/s for each worker, else 1",
        s_defaults.Burst
    );
    private static readonly Option<string?> s_sourceIp = new("--source-ip")
    {
        Description = "Address to bind to",
        HelpName = "address",
    };
    private static readonly Option<string> s_portRange = Text(
        "--port-range",
        "Client ports: odd (random, as bind 0 draws them), even (in sequence), kernel, or first-last",
        s_defaults.PortRange
    );
    private static readonly Option<string> s_workers = Text("--workers", "Event loops", s_defaults.Workers);
    private static readonly Option<string> s_maxInFlight = Text(
        "--max-in-flight",
        "Requests in flight at most; beyond it they are not sent",
        AttackArguments.DefaultMaxInFlight
    );
    private static readonly Option<string> s_responder = Text(
        "--responder",
        "Who answered: header:NAME, json:PATH, regex:… with a named group; default X-Pod, then host= in the body",
        s_defaults.Responder
    );
    internal static readonly Option<string> Engine = Text(
        "--engine",
        "auto, epoll, io_uring, sockets or httpclient (https and --http2)",
        "auto"
    );
    private static readonly Option<bool> s_insecure = new("--insecure")
    {
        Description = "Accepts any certificate (https)",
    };

    /// <summary>Where to, and the options of everything else.</summary>
    internal static IReadOnlyList<Option> All { get; } =
    [
        s_targets,
        s_rate,
        s_duration,
        s_method,
        s_header,
        s_body,
        s_connections,
        s_http2,
        s_timeout,
        s_burst,
        s_sourceIp,
        s_portRange,
        s_workers,
        s_maxInFlight,
        s_responder,
        Engine,
        s_insecure,
    ];

    /// <summary>Adds the URL and the options to a command.</summary>
    public static void AddTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        command.Add(s_url);
        foreach (var option in All)
            command.Add(option);
    }

    /// <summary>What was written.</summary>
    public static AttackArguments Read(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        return new AttackArguments
        {
            Url = parsed.GetValue(s_url),
            TargetsFile = parsed.GetValue(s_targets),
            Rate = parsed.GetRequiredValue(s_rate),
            Duration = parsed.GetRequiredValue(s_duration),
            Method = parsed.GetRequiredValue(s_method),
            Headers = parsed.GetValue(s_header) ?? [],
            Body = parsed.GetValue(s_body),
            Connections = parsed.GetRequiredValue(s_connections),
            Http2 = parsed.GetValue(s_http2),
            Timeout = parsed.GetRequiredValue(s_timeout),
            Burst = parsed.GetRequiredValue(s_burst),
            SourceIp = parsed.GetValue(s_sourceIp),
            PortRange = parsed.GetRequiredValue(s_portRange),
            Workers = parsed.GetRequiredValue(s_workers),
            MaxInFlight = parsed.GetResult(s_maxInFlight) is { Implicit: false }
                ? parsed.GetRequiredValue(s_maxInFlight)
                : null,
            Responder = parsed.GetRequiredValue(s_responder),
            Insecure = parsed.GetValue(s_insecure),
        };
    }

    /// <summary>The command line of an attack with what was given here: the URL, then each option that was
    /// written.</summary>
    /// <param name="parsed">What was written.</param>
    /// <param name="except">Options left out.</param>
    public static IReadOnlyList<string> Spell(ParseResult parsed, params IEnumerable<string> except)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        var words = new List<string>();
        if (parsed.GetValue(s_url) is { } url)
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
        new(name)
        {
            Description = description,
            DefaultValueFactory = _ => defaultValue,
            HelpName = "value",
        };
}
