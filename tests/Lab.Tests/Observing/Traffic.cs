using System.Text;
using static System.FormattableString;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>
/// Counters that grow from scrape to scrape: requests of one client, drawn with a fixed random seed.
/// </summary>
internal sealed class Traffic
{
    private const int PerScrape = 300;
    private readonly List<double[]> _chosen = [];

    /// <param name="seed">The random seed.</param>
    /// <param name="weights">Relative probabilities of the backends.</param>
    public Traffic(int seed, params double[] weights)
    {
        var (random, sum) = (new Random(seed), new double[weights.Length]);
        for (var scrape = 0; scrape < 400; scrape++)
        {
            _chosen.Add([.. sum]);
            for (var request = 0; request < PerScrape; request++)
            {
                var u = random.NextDouble() * weights.Sum();
                var i = 0;
                for (; i < weights.Length - 1 && u >= weights[i]; i++)
                    u -= weights[i];
                sum[i]++;
            }
        }
    }

    /// <summary>Both sides have HTTP rules: the proxy of the client's node answers 503 for the others.</summary>
    public bool TwoSided { get; init; }

    /// <summary>Every request is answered with 503.</summary>
    public bool Failing { get; init; }

    /// <summary>
    /// From this scrape on the client has HTTP rules, too, without failures: the proxy of its node counts its requests.
    /// </summary>
    public int EgressFrom { get; init; } = int.MaxValue;

    /// <summary>Metrics of a Pod of <see cref="ObservedCluster"/>; empty for one that has none.</summary>
    public string Of(string pod, int scrape)
    {
        var chosen = _chosen[Math.Min(scrape, _chosen.Count - 1)];
        var text = new StringBuilder();
        if (pod is ['b', var digit])
        {
            var i = digit - '1';
            return Invariant($"# TYPE echo_requests counter\necho_requests {(TwoSided && i != 2 ? 0 : chosen[i])}\n");
        }
        if (!pod.StartsWith("agent", StringComparison.Ordinal))
            return "";
        var node = pod[^1] - '1';
        for (var i = 0; i < chosen.Length; i++)
        {
            // Ingress: the proxy of the backend's node. Both: the client's node (worker3), where its own backend passes
            // twice.
            var (passes, status) = TwoSided
                ? node == 2
                    ? (i == 2 ? 2 : 1, i == 2 ? 200 : 503)
                    : (0, 0)
                : (node == i ? 1 : 0, Failing ? 503 : 200);
            var count =
                passes * chosen[i] + (node == 2 && scrape > EgressFrom ? chosen[i] - _chosen[EgressFrom][i] : 0);
            if (passes == 0 && count == 0)
                continue;
            text.Append(
                Invariant(
                    $"hubble_http_requests_total{{source=\"load-test/client\",destination=\"backend/b{i + 1}\",method=\"POST\",protocol=\"HTTP/1.1\"}} {count}\n"
                )
            );
            text.Append(
                Invariant(
                    $"hubble_http_responses_total{{source=\"backend/b{i + 1}\",destination=\"load-test/client\",method=\"POST\",status=\"{status}\"}} {count}\n"
                )
            );
        }
        return text.ToString();
    }
}
