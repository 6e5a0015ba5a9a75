using System.CommandLine;
using System.CommandLine.Parsing;
using CiliumDebugging.Lab.Page;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>How the live page is served.</summary>
/// <param name="Port">The loopback port; null: the usual one, or a free one when it is taken.</param>
/// <param name="Linger">How long it stays after a run, for other runs; zero: it ends with the run.</param>
/// <param name="MetricsPort">Port on every address for /metrics alone; null: the page's own.</param>
/// <param name="ShowsOnly">
/// Print its address without the token that controls the run: readers of a pod's log must not have it.
/// </param>
internal sealed record PageChoice(int? Port, TimeSpan Linger, int? MetricsPort, bool ShowsOnly);

/// <summary>The options of the live page.</summary>
internal sealed class PageCommandOptions
{
    private readonly Option<bool> _page = new("--page")
    {
        Description =
            "Serve the live page on loopback while it runs. With --in-cluster the page cannot control the run.",
    };

    /// <summary>Whether it is served at all.</summary>
    public bool IsServed(CommandResult result) => result.GetValue(_page);

    private readonly Option<int?> _port = new("--page-port")
    {
        HelpName = "PORT",
        Description = $"Port of the page, 1 to 65535. Default {PageServer.PreferredPort}.",
    };
    private readonly Option<int?> _metricsPort = new("--metrics-port")
    {
        HelpName = "PORT",
        Description =
            "Serve /metrics, which the page has on loopback, on this port of every address as well, "
            + "for a Prometheus on another machine.",
    };
    private readonly Option<TimeSpan?> _linger = LoadCommandOptions.Duration(
        "--linger",
        "How long the page stays after the run, for its reports and for other runs"
    );

    public IEnumerable<Option> Options => [_page, _port, _metricsPort, _linger];

    /// <summary>Adds an error for ports out of range and for options without a page.</summary>
    public void Validate(CommandResult result)
    {
        foreach (var option in (Option<int?>[])[_port, _metricsPort])
            if (result.GetValue(option) is { } port and not (>= 1 and <= 65535))
                result.AddError($"{option.Name} {port}: must be a whole number from 1 to 65535");
        var isConfigured =
            result.GetValue(_port) is not null
            || result.GetValue(_metricsPort) is not null
            || result.GetValue(_linger) is not null;
        if (isConfigured && !result.GetValue(_page))
            result.AddError("--page-port, --metrics-port, --linger: only with --page");
    }

    /// <summary>The given options; null: no page.</summary>
    public PageChoice? Read(ParseResult parsed, bool inCluster = false) =>
        parsed.GetValue(_page)
            ? new PageChoice(
                parsed.GetValue(_port),
                parsed.GetValue(_linger) ?? TimeSpan.Zero,
                parsed.GetValue(_metricsPort),
                inCluster
            )
            : null;
}
