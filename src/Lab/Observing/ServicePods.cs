using System.Net;
using System.Text.RegularExpressions;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Observation;

namespace CiliumDebugging.Lab.Observing;

/// <summary>Finds the Pod of a Service that a series of Hubble is about, by name or by address.</summary>
internal sealed partial class ServicePods
{
    private readonly string _namespace;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _short = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _byAddress = new(StringComparer.Ordinal);

    public ServicePods(ObservedService service)
    {
        _namespace = service.Namespace;
        foreach (var endpoint in service.Endpoints)
        {
            _names.Add(endpoint.Pod.HubbleName);
            _short.Add(endpoint.Pod.Name);
            foreach (var address in endpoint.Addresses)
                _byAddress[address] = endpoint.Pod.HubbleName;
        }
    }

    /// <summary>The Pods, <c>namespace/pod</c>.</summary>
    public IReadOnlyCollection<string> Names => _names;

    /// <summary>Their names without a namespace.</summary>
    public IReadOnlyCollection<string> ShortNames => _short;

    /// <summary>Their addresses.</summary>
    public IReadOnlyCollection<string> Addresses => _byAddress.Keys;

    /// <summary>
    /// What a series may have instead of a Pod: the workloads that their names begin with, with and without the
    /// namespace, the names without it, and the namespace.
    /// </summary>
    public IReadOnlyCollection<string> Workloads =>
        [
            .. _short
                .SelectMany(p => new[] { Before(p), Before(Before(p)) })
                .Where(w => w.Length > 0)
                .Distinct(StringComparer.Ordinal)
                .SelectMany(w => new[] { w, $"{_namespace}/{w}" }),
            .. _short,
            _namespace,
        ];

    private static string Before(string name) => name.LastIndexOf('-') is > 0 and var dash ? name[..dash] : "";

    /// <summary>The Service's Pod; null when it is another or unknown.</summary>
    public string? Find(HubblePeer peer) =>
        _names.Contains(peer.Name) ? peer.Name
        : _byAddress.TryGetValue(peer.Address, out var pod) || _byAddress.TryGetValue(peer.Name, out pod) ? pod
        : null;

    /// <summary>
    /// Whether a name is of the form that a Pod, a workload or an address has: not that of DNS, of an identity or of
    /// anything else that a context may write, which names no Pod of any Service.
    /// </summary>
    public static bool IsOfPods(string name) =>
        name.StartsWith("reserved:", StringComparison.Ordinal)
        || IPAddress.TryParse(name, out _)
        || NamespaceAndName().IsMatch(name);

    [GeneratedRegex("^[a-z0-9-]+/[a-z0-9.-]+$")]
    private static partial Regex NamespaceAndName();

    /// <summary>
    /// Whether a series may be about the Service's Pods although it names none: it says nothing, or it names a Pod
    /// without its namespace, the workload or the namespace.
    /// </summary>
    public bool MayBe(HubblePeer peer)
    {
        var (name, prefix) = (peer.Name, $"{_namespace}/");
        if (name.Length == 0)
            return peer.Address.Length == 0;
        if (name == _namespace || _short.Contains(name))
            return true;
        var workload = name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;
        return workload.Length > 0 && _short.Any(p => p.StartsWith($"{workload}-", StringComparison.Ordinal));
    }
}
