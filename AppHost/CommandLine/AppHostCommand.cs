using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.AppHost.CommandLine;

/// <summary>
/// The root command with its options, each with its default, range and unit. A problem quotes option and value, and
/// names a value that works.
///</summary>
internal sealed partial class AppHostCommand
{
    private const string DefaultScenario = "two-sided-l7";

    private readonly Option<string> _scenario = new("--scenario")
    {
        HelpName = "NAME",
        Description = $"Scenario to run, by name or by the path of its folder. Default {DefaultScenario}.",
        CustomParser = a =>
            Value(
                a,
                t => ScenarioName().IsMatch(t) || t.Contains(Path.DirectorySeparatorChar) ? t : null,
                "must be a scenario's name (lower-case words with dashes) or the path of its folder",
                DefaultScenario
            ),
    };

    private readonly Option<double?> _rate = new("--rate")
    {
        HelpName = "N",
        Description = "Requests per second, greater than 0. Default: the scenario's.",
        CustomParser = a =>
            Value(a, ReadRate, "must be a number of requests per second, greater than 0 and at most 100000", "50"),
    };

    private readonly Option<TimeSpan?> _baseline = new("--baseline")
    {
        HelpName = "TIME",
        Description = "Length of the baseline, such as 6s, 2m or 1m30s. Default: the scenario's.",
        CustomParser = a => Duration(a, "6s"),
    };

    private readonly Option<TimeSpan?> _observe = new("--observe")
    {
        HelpName = "TIME",
        Description = "Length of the observation after the change. Default: the scenario's.",
        CustomParser = a => Duration(a, "2m"),
    };

    private readonly Option<bool> _once = new("--once")
    {
        Description =
            "End after the report, also on a terminal. "
            + "Exit code 0: reproduced as expected, 3: not reproduced, 4: nothing concluded, because the machine could not "
            + "keep up, 2: bad usage, 1: the lab failed.",
    };

    private readonly Option<bool> _verbose = new("--verbose")
    {
        Description = "Print every count, interval and verdict at the end, not only the summary.",
    };

    private readonly Option<bool> _manual = new("--manual", "--by-hand")
    {
        Description =
            "Start only the scenario's load, with what it applies before its first phase. "
            + "Make the changes yourself, on the page or with the terminal's keys. The lab stays up until Ctrl-C.",
    };

    private readonly Option<int?> _pagePort = new("--page-port")
    {
        HelpName = "N",
        Description =
            $"Loopback port of the live page, 1 to 65535. Default: {PageServer.PreferredPort}, "
            + "or a free one when that is taken.",
        CustomParser = a => Whole(a, 1, 65_535, "15190"),
    };

    private readonly Option<int?> _portOffset = new("--port-offset")
    {
        HelpName = "N",
        Description =
            "Added to the ports the lab listens on, 0 to 50000, when another program has them. "
            + "Default: 0, or a free offset when a port is taken.",
        CustomParser = a => Whole(a, 0, 50_000, "1000"),
    };

    private readonly Option<string[]> _set = new("--set")
    {
        HelpName = "KEY=VALUE",
        Description = "A Cilium setting under Cilium's own key (ConfigMap kube-system/cilium-config). Repeatable.",
        CustomParser = a => [.. a.Tokens.Select(t => t.Value).Where(t => IsSetting(a, t))],
    };

    private readonly Option<int?> _workers = new("--workers")
    {
        HelpName = "N",
        Description =
            "Worker nodes, 1 to 250; a backend pod runs on each. "
            + $"Default: the scenario's, or {ScenarioTopology.Default.Workers} where it names none.",
        CustomParser = a => Whole(a, 1, 250, "3"),
    };

    private readonly Option<int?> _clientWorker = new("--client-worker")
    {
        HelpName = "N",
        Description =
            "The worker (from 1) the load test runs on. Default: the scenario's, or the last one where it names none.",
        CustomParser = a => Whole(a, 1, 250, "1"),
    };

    private readonly Option<string?> _context = new("--context")
    {
        HelpName = "NAME",
        Description =
            "Show an existing cluster, by a context of the kubeconfig, and change nothing. "
            + "Scenarios are run on request.",
    };

    private readonly Option<string?> _kubeconfig = new("--kubeconfig")
    {
        HelpName = "FILE",
        Description =
            "The same by a kubeconfig; its current context without --context. "
            + "Default with --context: $KUBECONFIG, then ~/.kube/config.",
    };

    private readonly Option<ServiceName?> _service = new("--service")
    {
        HelpName = "NAMESPACE/NAME",
        Description =
            "With --context or --kubeconfig: the Service whose load is shown. Default: the lab's, backend/backend-1.",
        CustomParser = a =>
            Value(
                a,
                t => t.Split('/') is [{ Length: > 0 } ns, { Length: > 0 } name] ? new ServiceName(ns, name) : null,
                "must be a namespace and a name",
                "backend/backend-1"
            ),
    };

    private readonly RootCommand _command;

    public AppHostCommand() =>
        _command = new RootCommand(
            "Reproduces load-balancing skew on an embedded Kubernetes cluster, shows it live and reports a verdict."
        )
        {
            Options =
            {
                _scenario,
                _rate,
                _baseline,
                _observe,
                _once,
                _verbose,
                _manual,
                _pagePort,
                _portOffset,
                _set,
                _workers,
                _clientWorker,
                _context,
                _kubeconfig,
                _service,
            },
            TreatUnmatchedTokensAsErrors = false,
        };

    /// <summary>Names of the options.</summary>
    public IEnumerable<string> Names => _command.Options.Select(o => o.Name);

    /// <summary>
    /// Parses the arguments of the process. A word that begins with @ is not a file of further words.
    ///</summary>
    public ParseResult Parse(string[] args) =>
        _command.Parse(
            CommandWords.WithEmptyValues(args),
            new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null }
        );

    public bool IsHelpOrVersion(ParseResult parsed) =>
        parsed is { Action: { } action, Errors.Count: 0 } && action != _command.Action;

    /// <summary>
    /// What the options ask for, with the scenario they name. Checks what an embedded cluster would refuse.
    ///</summary>
    /// <exception cref="ScenarioException">There is no such scenario, or it cannot be read.</exception>
    /// <exception cref="FormatException">A setting, the topology or the kubeconfig cannot be used.</exception>
    public AppHostOptions Read(ParseResult parsed)
    {
        var reference = parsed.GetValue(_scenario) ?? DefaultScenario;
        var (rate, baseline, observe) = (parsed.GetValue(_rate), parsed.GetValue(_baseline), parsed.GetValue(_observe));
        var scenario = ScenarioCatalog.Load(reference).With(rate, baseline, observe);
        var (workers, clientWorker) = (parsed.GetValue(_workers), parsed.GetValue(_clientWorker));
        var nodes = workers ?? scenario.Topology.Workers;
        if (clientWorker > nodes)
            throw new FormatException(
                $"--client-worker {clientWorker}: there are only {nodes} workers; "
                    + $"choose 1 to {nodes}, or more with --workers"
            );
        var options = new AppHostOptions
        {
            ScenarioReference = reference,
            Scenario = scenario,
            Topology = scenario.Topology.Build(workers, clientWorker),
            RatePerSecond = rate,
            Baseline = baseline,
            Observe = observe,
            Workers = workers,
            ClientWorker = clientWorker,
            Once = parsed.GetValue(_once),
            Verbose = parsed.GetValue(_verbose),
            Manual = parsed.GetValue(_manual),
            PagePort = parsed.GetValue(_pagePort),
            PortOffset = parsed.GetValue(_portOffset),
            CiliumSettings = ImmutableSortedDictionary
                .Create<string, string>(StringComparer.Ordinal)
                .SetItems((parsed.GetValue(_set) ?? []).Select(Setting)),
            Existing = IsExisting(parsed.CommandResult)
                ? new ExistingCluster(
                    parsed.GetValue(_context),
                    parsed.GetValue(_kubeconfig),
                    parsed.GetValue(_service)
                )
                : null,
        };
        if (options.Existing is { } existing)
            existing.Read();
        else
            CiliumConfig.Parse(options.ClusterSettings);
        return options;
    }

    /// <summary>Options that exclude each other, one line for each.</summary>
    public IEnumerable<string> Conflicts(ParseResult parsed)
    {
        var existing = IsExisting(parsed.CommandResult);
        if (parsed.GetResult(_service) is not null && !existing)
            yield return $"{_service.Name}: only with {_context.Name} or {_kubeconfig.Name}";
        Option[] ofEmbedded = existing ? [_workers, _clientWorker, _portOffset, _set, _manual] : [];
        foreach (var option in ofEmbedded.Where(o => parsed.GetResult(o) is { Implicit: false }))
            yield return $"{option.Name}: only without {_context.Name} and {_kubeconfig.Name}, on the embedded cluster";
    }

    private bool IsExisting(SymbolResult result) =>
        result.GetValue(_context) is not null || result.GetValue(_kubeconfig) is not null;

    // As with Helm, the last value of a key counts: SetItems replaces.
    private static KeyValuePair<string, string> Setting(string text)
    {
        var equals = text.IndexOf('=');
        return KeyValuePair.Create(text[..equals], text[(equals + 1)..]);
    }

    private static T? Value<T>(ArgumentResult argument, Func<string, T?> read, string must, string example)
    {
        var text = argument.Tokens[0].Value;
        var value = read(text);
        if (value is null)
            argument.AddError($"{Name(argument)} {text}: {must}, for example {Name(argument)} {example}");
        return value;
    }

    private static double? ReadRate(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate)
        && rate is > 0 and <= 100_000
            ? rate
            : null;

    private static int? Whole(ArgumentResult argument, int min, int max, string example)
    {
        return Value(argument, Read, $"must be a whole number from {min} to {max}", example);

        int? Read(string text) =>
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= min
            && number <= max
                ? number
                : null;
    }

    private static TimeSpan? Duration(ArgumentResult argument, string example) =>
        Value(argument, ReadDuration, "must be a time greater than 0 and at most 24h", example);

    /// <summary>Reads 90s, or several parts such as 1m30s; more than 0 and at most 24 h.</summary>
    private static TimeSpan? ReadDuration(string text)
    {
        var sum = TimeSpan.Zero;
        foreach (Capture part in DurationText().Match(text).Groups[1].Captures)
        {
            if (!Quantities.TryParseDuration(part.Value, out var duration))
                return null;
            sum += duration;
        }
        return sum > TimeSpan.Zero && sum <= TimeSpan.FromDays(1) ? sum : null;
    }

    private static bool IsSetting(ArgumentResult argument, string text)
    {
        if (SettingText().IsMatch(text))
            return true;
        argument.AddError(
            $"--set {text}: must be key=value with one of Cilium's own keys, for example --set bpf-lb-sock=false"
        );
        return false;
    }

    private static string Name(ArgumentResult argument) =>
        (argument.Parent as OptionResult)?.Option.Name ?? argument.Argument.Name;

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", RegexOptions.CultureInvariant)]
    private static partial Regex ScenarioName();

    [GeneratedRegex(@"^(\d+(?:\.\d+)?(?:ms|s|m|h))+$", RegexOptions.CultureInvariant)]
    private static partial Regex DurationText();

    [GeneratedRegex(@"^[A-Za-z0-9][-._A-Za-z0-9]*=[^\r\n]*$", RegexOptions.CultureInvariant)]
    private static partial Regex SettingText();
}
