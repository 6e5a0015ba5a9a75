using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace CiliumDebugging.Lab.Page;

/// <summary>A Pod, or several of one node.</summary>
/// <param name="Key"><c>namespace/pod</c>, or the node.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Node">Its node.</param>
/// <param name="OnClientNode">Whether the load test runs there.</param>
/// <param name="Pods">Number of Pods.</param>
/// <param name="State"><c>answers</c>, <c>short</c> (less than half of what it should) or <c>silent</c>.</param>
/// <param name="OkPerSecond">Client: 2xx per second over the last seconds.</param>
/// <param name="FailedPerSecond">5xx in its name per second: those that it gave, and those that a proxy gave (Hubble).</param>
/// <param name="EchoPerSecond">Backend: requests per second.</param>
/// <param name="HubblePerSecond">Hubble: requests per second, every proxy pass counted.</param>
/// <param name="Share">Share of the phase's successes; null without one.</param>
/// <param name="ShareLower">Lower end of its interval.</param>
/// <param name="ShareUpper">Upper end.</param>
/// <param name="Expected">Expected share.</param>
/// <param name="P50Ms">Median latency of the last answers, ms; null without one.</param>
/// <param name="P99Ms">99 %, ms.</param>
public sealed record PageRow(
    string Key,
    string Name,
    string Node,
    bool OnClientNode,
    int Pods,
    string State,
    double OkPerSecond,
    double FailedPerSecond,
    double EchoPerSecond,
    double HubblePerSecond,
    double? Share,
    double? ShareLower,
    double? ShareUpper,
    double Expected,
    double? P50Ms,
    double? P99Ms
);
