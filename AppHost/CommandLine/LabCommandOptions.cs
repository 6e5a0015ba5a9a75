using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Scenarios;

namespace CiliumDebugging.AppHost.CommandLine;

/// <summary>
/// The options of the command line, each with its default, range and unit. A complaint quotes option and value and
/// names a value that works.
/// </summary>
internal sealed partial class LabCommandOptions
{
    private static readonly LabOptions s_default = new();

    private readonly Option<string> _scenario = new("--scenario")
    {
        HelpName = "NAME",
        Description = $"Scenario to run, by name or by the path of its folder. Default {s_default.Scenario}.",
        CustomParser = a =>
            Value(
                a,
                t =>
                    KubernetesName().IsMatch(t) || t.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal)
                        ? t
                        : null,
                "must be a scenario's name (lower-case words with dashes) or the path of its folder",
                s_default.Scenario
            ),
    };

    private readonly Option<double?> _rate = new("--rate")
    {
        HelpName = "N",
        Description = $"Requests per second, greater than 0. Default: the scenario's.",
        CustomParser = a =>
            Number(
                a,
                n => n is > 0 and <= 100_000,
                "must be a number of requests per second, greater than 0 and at most 100000",
                "50"
            ),
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

    private readonly Option<bool> _once = new("--once");

    private readonly Option<bool> _byHand = new("--manual", "--by-hand")
    {
        Description =
            "Start only the scenario's load, with what it applies before its first phase, and make the changes yourself, on the page or with the terminal's keys. The lab stays up until Ctrl-C.",
    };

    private readonly Option<int?> _pagePort = new("--page-port")
    {
        HelpName = "N",
        Description =
            $"Loopback port of the live page, 1 to 65535. Default: {PageServer.PreferredPort}, or a free one when that is taken.",
        CustomParser = a => Whole(a, 1, 65_535, "15190"),
    };

    private readonly Option<int?> _portOffset = new("--port-offset")
    {
        HelpName = "N",
        Description =
            "Added to the ports the lab listens on, 0 to 50000, when something else has them. Default: 0, or a free offset when a port is taken.",
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
            $"Worker nodes, 1 to 250; a backend pod runs on each. Default: the scenario's, which is {CiliumDebugging.Lab.Scenarios.ScenarioTopology.Default.Workers} where it says nothing.",
        CustomParser = a => Whole(a, 1, 250, "3"),
    };

    private readonly Option<int?> _clientWorker = new("--client-worker")
    {
        HelpName = "N",
        Description =
            "The worker (from 1) the load test runs on. Default: the scenario's, which is the last where it says nothing.",
        CustomParser = a => Whole(a, 1, 250, "1"),
    };

    private readonly Option<string?> _context = new("--context")
    {
        HelpName = "NAME",
        Description =
            "Show a cluster that is there, by a context of the kubeconfig, and make nothing; scenarios are run by command.",
    };

    private readonly Option<string?> _kubeconfig = new("--kubeconfig")
    {
        HelpName = "FILE",
        Description =
            "The same by a kubeconfig; its current context without --context. Default with --context: $KUBECONFIG, then ~/.kube/config.",
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

    /// <summary>Makes the command with its options.</summary>
    public LabCommandOptions()
    {
        _once.Description =
            "End after the report, also on a terminal. Exit code 0: the expectation holds, 3: it does not, 2: bad usage, 1: the lab failed.";
        Command = new RootCommand(
            "Reproduces load-balancing skew on an embedded Kubernetes cluster, shows it live and says whether it is there."
        )
        {
            _scenario,
            _rate,
            _baseline,
            _observe,
            _once,
            _byHand,
            _pagePort,
            _portOffset,
            _set,
            _workers,
            _clientWorker,
            _context,
            _kubeconfig,
            _service,
        };
    }

    public RootCommand Command { get; }

    public IEnumerable<string> Names => Command.Options.Select(o => o.Name);

    public LabOptions Read(ParseResult parsed) =>
        new()
        {
            Scenario = parsed.GetValue(_scenario) ?? s_default.Scenario,
            RatePerSecond = parsed.GetValue(_rate),
            Baseline = parsed.GetValue(_baseline),
            Observe = parsed.GetValue(_observe),
            Once = parsed.GetValue(_once),
            Manual = parsed.GetValue(_byHand),
            PagePort = parsed.GetValue(_pagePort),
            PortOffset = parsed.GetValue(_portOffset),
            // As with Helm, the last value of a key counts.
            CiliumSettings = s_default.CiliumSettings.SetItems(
                (parsed.GetValue(_set) ?? []).Select(s =>
                    KeyValuePair.Create(
                        s[..s.IndexOf('=', StringComparison.Ordinal)],
                        s[(s.IndexOf('=', StringComparison.Ordinal) + 1)..]
                    )
                )
            ),
            Workers = parsed.GetValue(_workers),
            ClientWorker = parsed.GetValue(_clientWorker),
            Existing = IsExisting(parsed.CommandResult)
                ? new ExistingCluster(
                    parsed.GetValue(_context),
                    parsed.GetValue(_kubeconfig),
                    parsed.GetValue(_service)
                )
                : null,
        };

    /// <summary>Options that do not go together, one line for each.</summary>
    public IEnumerable<string> Conflicts(ParseResult parsed)
    {
        var existing = IsExisting(parsed.CommandResult);
        if (parsed.GetResult(_service) is not null && !existing)
            yield return $"{_service.Name}: only with {_context.Name} or {_kubeconfig.Name}";
        foreach (
            var option in new Option[] { _workers, _clientWorker, _portOffset, _set, _byHand }.Where(o =>
                existing && parsed.GetResult(o) is { Implicit: false }
            )
        )
            yield return $"{option.Name}: only without {_context.Name} and {_kubeconfig.Name}, on the embedded cluster";
    }

    private bool IsExisting(SymbolResult result) =>
        result.GetValue(_context) is not null || result.GetValue(_kubeconfig) is not null;

    private static T? Value<T>(ArgumentResult argument, Func<string, T?> read, string must, string example)
    {
        var text = argument.Tokens[0].Value;
        var value = read(text);
        if (value is null)
            argument.AddError($"{Name(argument)} {text}: {must}, for example {Name(argument)} {example}");
        return value;
    }

    private static double? Number(ArgumentResult argument, Func<double, bool> allowed, string must, string example) =>
        Value<double?>(
            argument,
            t =>
                double.TryParse(t, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) && allowed(n)
                    ? n
                    : null,
            must,
            example
        );

    private static int? Whole(ArgumentResult argument, int min, int max, string example) =>
        Value<int?>(
            argument,
            t =>
                int.TryParse(t, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n)
                && n >= min
                && n <= max
                    ? n
                    : null,
            $"must be a whole number from {min} to {max}",
            example
        );

    private static TimeSpan? Duration(ArgumentResult argument, string example) =>
        Value<TimeSpan?>(
            argument,
            t => ReadDuration(t) is { } d && d > TimeSpan.Zero && d <= TimeSpan.FromDays(1) ? d : null,
            "must be a time greater than 0 and at most 24h",
            example
        );

    private static TimeSpan? ReadDuration(string text)
    {
        if (DurationText().Match(text) is not { Success: true } match)
            return null;
        var seconds = match
            .Groups[1]
            .Captures.Zip(match.Groups[2].Captures)
            .Sum(part =>
                double.Parse(part.First.Value, CultureInfo.InvariantCulture)
                * part.Second.Value switch
                {
                    "ms" => 0.001,
                    "s" => 1,
                    "m" => 60,
                    _ => 3600,
                }
            );
        return seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
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
    private static partial Regex KubernetesName();

    [GeneratedRegex(@"^(?:(\d+(?:\.\d+)?)(ms|s|m|h))+$", RegexOptions.CultureInvariant)]
    private static partial Regex DurationText();

    [GeneratedRegex(@"^[A-Za-z0-9][-._A-Za-z0-9]*=[^\r\n]*$", RegexOptions.CultureInvariant)]
    private static partial Regex SettingText();
}
