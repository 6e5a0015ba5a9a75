namespace CiliumDebugging.ClusterSetup.Attacks;

/// <summary>An attack from several Pods at once.</summary>
/// <param name="Arguments">The load test's command line behind <c>attack</c>: URL and options, without rate.</param>
/// <param name="RatePerSecond">
/// Rate of all Pods together, requests per second; each gets the same part of it. Infinite: each as fast as it can.
/// </param>
/// <param name="Pods">How many, 1 to <see cref="MaxPods"/>.</param>
/// <param name="Deadline">Time after which the Job is given up, the Pods' start included.</param>
internal sealed record PodAttackOrder(
    IReadOnlyList<string> Arguments,
    double RatePerSecond,
    int Pods,
    TimeSpan Deadline
)
{
    /// <summary>Most Pods of an attack.</summary>
    public const int MaxPods = 1000;

    /// <summary>Namespace of the Job.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>Image of the load test.</summary>
    public required string Image { get; init; }

    /// <summary>Labels of the Pods, so that policies can select them.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}
