namespace CiliumDebugging.ClusterSetup.Attacks;

/// <summary>An attack from several Pods at once.</summary>
/// <param name="Arguments">The load test's command line after <c>attack</c>: URL and options, without rate.</param>
/// <param name="RatePerSecond">
/// Requests per second of all Pods together, in equal parts. Infinite: as fast as they can.
/// </param>
/// <param name="Pods">Number of Pods, 1 to <see cref="MaxPods"/>.</param>
/// <param name="Deadline">Maximum time of the Job, with the start of its Pods.</param>
internal sealed record PodAttackOrder(
    IReadOnlyList<string> Arguments,
    double RatePerSecond,
    int Pods,
    TimeSpan Deadline
)
{
    public const int MaxPods = 1000;

    public string Namespace { get; init; } = "default";

    public required string Image { get; init; }

    /// <summary>Labels of the Pods, so that policies can select them.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}
