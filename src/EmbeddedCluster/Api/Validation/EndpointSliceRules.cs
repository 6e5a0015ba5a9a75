using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Validation;

/// <summary>
/// What must hold for an EndpointSlice (kubernetes, pkg/apis/discovery/validation). Two rules differ: loopback addresses
/// are permitted, which the Pods of the embedded cluster have, and port numbers are checked.
/// </summary>
internal static class EndpointSliceRules
{
    /// <summary>Most endpoints of a slice.</summary>
    public const int MaxEndpoints = 1000;

    private const int MaxAddresses = 100;
    private const int MaxPorts = 20_000;
    private const int MaxTopologyLabels = 16;
    private const int MaxHints = 8;

    public static IEnumerable<FieldError> Of(JsonObject o) =>
        [
            .. Checks.OneOf(o, null, "addressType", "FQDN", "IPv4", "IPv6"),
            .. Checks.AtMost(o["endpoints"], MaxEndpoints, "endpoints") is { } tooMany
                ? [tooMany]
                : o.Objects("endpoints").SelectMany((e, i) => Endpoint(e, $"endpoints[{i}]", o.Text("addressType"))),
            .. Ports(o),
        ];

    private static IEnumerable<FieldError> Endpoint(JsonObject endpoint, string path, string? type)
    {
        var addresses = (endpoint["addresses"] as JsonArray ?? []).Select(a => a?.ToString() ?? "").ToList();
        if (addresses.Count == 0)
            yield return FieldError.Required($"{path}.addresses", "must contain at least 1 address");
        if (Checks.AtMost(endpoint["addresses"], MaxAddresses, $"{path}.addresses") is { } tooMany)
            yield return tooMany;
        IEnumerable<FieldError> more =
        [
            .. addresses.SelectMany((address, i) => Address(address, $"{path}.addresses[{i}]", type)),
            .. Checks.Name(endpoint, path, "nodeName", Names.Subdomain),
            .. Topology(endpoint, $"{path}.deprecatedTopology"),
            .. endpoint.Text("hostname") is { } hostname
                ? Names.Label(hostname).Select(problem => FieldError.Invalid($"{path}.hostname", hostname, problem))
                : [],
            .. Hints(endpoint.Object("hints"), $"{path}.hints.forZones", Names.LabelValue),
            .. Hints(endpoint.Object("hints"), $"{path}.hints.forNodes", Names.Subdomain),
        ];
        foreach (var error in more)
            yield return error;
    }

    private static IEnumerable<FieldError> Address(string address, string path, string? type) =>
        type switch
        {
            "IPv4" or "IPv6" => IpAddress(address, path, type),
            "FQDN" => DomainName(address, path),
            _ => [],
        };

    private static IEnumerable<FieldError> IpAddress(string text, string path, string type)
    {
        var address = Checks.Address(text);
        var isIPv4 = address?.AddressFamily is AddressFamily.InterNetwork;
        if (address is null || isIPv4 != (type == "IPv4"))
            yield return FieldError.Invalid(path, text, $"must be a valid {type} address");
        if (address is null)
            yield return FieldError.Invalid(path, text, "must be a valid IP address");
        else if (!IPAddress.IsLoopback(address))
            foreach (var error in Checks.NotSpecial(address, text, path))
                yield return error;
    }

    private static IEnumerable<FieldError> DomainName(string name, string path)
    {
        if (name.Length == 0)
            return [FieldError.Required(path)];
        name = name.EndsWith('.') ? name[..^1] : name;
        var problems = Names.Subdomain(name).ToList();
        if (problems.Count > 0)
            return [FieldError.Invalid(path, name, string.Join(',', problems))];
        var labels = name.Split('.');
        return labels.Length < 2
            ? [FieldError.Invalid(path, name, "should be a domain with at least two segments separated by dots")]
            : labels.SelectMany(label =>
                Names.Label(label).Select(problem => FieldError.Invalid(path, label, problem))
            );
    }

    private static IEnumerable<FieldError> Topology(JsonObject endpoint, string path) =>
        endpoint.Object("deprecatedTopology") is not { } topology
            ? []
            :
            [
                .. topology.Count > MaxTopologyLabels
                    ? [FieldError.TooMany(path, topology.Count, MaxTopologyLabels)]
                    : Array.Empty<FieldError>(),
                .. LabelRules.Labels(topology, path),
            ];

    private static IEnumerable<FieldError> Hints(JsonObject? hints, string path, Func<string, IEnumerable<string>> rule)
    {
        var member = path[(path.LastIndexOf('.') + 1)..];
        if (Checks.AtMost(hints?[member], MaxHints, path) is { } tooMany)
        {
            yield return tooMany;
            yield break;
        }
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, hint) in hints.Objects(member).Index())
        {
            var name = hint.Text("name") ?? "";
            if (!names.Add(name))
                yield return FieldError.Duplicate($"{path}[{i}].name", name);
            foreach (var problem in rule(name))
                yield return FieldError.Invalid($"{path}[{i}].name", name, problem);
        }
    }

    private static IEnumerable<FieldError> Ports(JsonObject o)
    {
        if (Checks.AtMost(o["ports"], MaxPorts, "ports") is { } tooMany)
        {
            yield return tooMany;
            yield break;
        }
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, port) in o.Objects("ports").Index())
        {
            var (path, name) = ($"ports[{i}]", port.Text("name") ?? "");
            foreach (var error in Checks.Name(port, path, "name", Names.Label))
                yield return error;
            if (!names.Add(name))
                yield return FieldError.Duplicate($"{path}.name", name);
            foreach (var error in Checks.OneOf(port, path, "protocol", "SCTP", "TCP", "UDP"))
                yield return error;
            // A real server takes any number, and no datapath reaches it; no number means all ports.
            if (port.NumberAt("port") is { } number)
                foreach (var error in Checks.Port(number, $"{path}.port"))
                    yield return error;
            foreach (var error in Checks.Name(port, path, "appProtocol", Names.Key))
                yield return error;
        }
    }
}
