using System.Collections.Immutable;
using System.Globalization;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Reads toPorts of Cilium policies.</summary>
internal static class PortReader
{
    private const int MaxPorts = 40;
    private const string NoTls = "remove it; the lab's proxies speak plain HTTP";

    private static readonly FieldTable s_allowFields = new(
        ["ports", "rules"],
        ("terminatingTLS", NoTls),
        ("originatingTLS", NoTls),
        ("serverNames", NoTls),
        ("listener", "remove it; there are no custom Envoy listeners")
    );

    private static readonly FieldTable s_denyFields = new(["ports"]);
    private static readonly FieldTable s_portFields = new(["port", "endPort", "protocol"]);

    private static readonly FieldTable s_ruleFields = new(
        ["http", "dns"],
        ("kafka", "use http or no L7 rules"),
        ("l7proto", "use http or no L7 rules"),
        ("l7", "use http or no L7 rules")
    );

    private static readonly FieldTable s_dnsFields = new(["matchPattern", "matchName"]);

    /// <summary>Reads the list; an empty list is the same as none.</summary>
    /// <param name="field">The list.</param>
    /// <param name="direction">Ingress or egress.</param>
    /// <param name="isDeny">Whether the rule denies; then it takes no L7 rules.</param>
    /// <param name="l7">Collects the L7 rules of the whole section.</param>
    public static ImmutableArray<PortRule> Read(
        ManifestField field,
        TrafficDirection direction,
        bool isDeny,
        L7Ports l7
    )
    {
        List<PortRule> ports = [];
        foreach (ManifestField item in field.Items())
        {
            if (item.Map(isDeny ? s_denyFields : s_allowFields) is { } fields)
                ports.AddRange(Entry(item, fields, direction, l7));
        }
        return [.. ports];
    }

    private static List<PortRule> Entry(
        ManifestField item,
        Dictionary<string, ManifestField> fields,
        TrafficDirection direction,
        L7Ports l7
    )
    {
        HttpRuleSet? http = null;
        bool isDns = false;
        if (fields.TryGetValue("rules", out ManifestField rules))
            (http, isDns) = Rules(rules, direction);
        List<PortRule> result = [];
        if (fields.TryGetValue("ports", out ManifestField ports))
        {
            foreach (ManifestField port in ports.Items())
            {
                if (Port(port) is not { } read)
                    continue;
                if (http is not null && read.Protocol != L4Protocol.Tcp)
                    port.Report("HTTP rules apply to TCP only: say protocol: TCP");
                if (isDns && read.Ports is not { Name: null, First: 53, Last: 53 })
                    port.Report("DNS rules apply to port 53 only");
                l7.Add(port, read, http is not null, isDns);
                result.Add(read with { Http = http });
            }
            if (ports.Node.Items.Count > MaxPorts)
                ports.Report($"Cilium takes up to {MaxPorts} ports in one list; use several toPorts entries");
        }
        if (!fields.ContainsKey("ports") || ports.Node is { Type: ManifestType.List, Items.Count: 0 })
            item.Report("'ports' must list at least one port; leave toPorts out to mean all ports");
        return result;
    }

    private static (HttpRuleSet? Http, bool IsDns) Rules(ManifestField field, TrafficDirection direction)
    {
        Dictionary<string, ManifestField>? fields = field.Map(s_ruleFields);
        if (fields is null)
            return (null, false);
        bool isHttp = fields.TryGetValue("http", out ManifestField http);
        bool isDns = fields.TryGetValue("dns", out ManifestField dns);
        if (isHttp && isDns)
            field.Report("one port takes one type of L7 rules; http and dns need ports of their own");
        if (isDns)
            Dns(dns, direction);
        return (isHttp ? HttpRuleReader.Read(http) : null, isDns);
    }

    /// <summary>DNS rules that allow every name are a plain allow of the port; others would need a DNS proxy.</summary>
    private static void Dns(ManifestField field, TrafficDirection direction)
    {
        if (direction == TrafficDirection.Ingress)
            field.Report("DNS rules are not allowed on ingress");
        bool allowsAll = false;
        foreach (ManifestField item in field.Items())
        {
            if (item.Map(s_dnsFields) is not { } fields)
                continue;
            allowsAll |= fields.TryGetValue("matchPattern", out ManifestField pattern) && pattern.Text() == "*";
        }
        if (!allowsAll && field.Node is { Type: ManifestType.List, Items.Count: > 0 })
            field.Report(
                "DNS names are recognised but not enforced here: "
                    + "add matchPattern: \"*\" or remove the rules to allow the port"
            );
    }

    private static PortRule? Port(ManifestField field)
    {
        if (field.Map(s_portFields) is not { } fields)
            return null;
        if (!fields.TryGetValue("port", out ManifestField port))
        {
            field.Report("'port' is missing");
            return null;
        }
        L4Protocol? protocol = fields.TryGetValue("protocol", out ManifestField protocolField)
            ? Protocol(protocolField)
            : null;
        PortMatch? match = Match(port);
        if (
            match is not null
            && fields.TryGetValue("endPort", out ManifestField endPort)
            && endPort.Integer(1, ushort.MaxValue) is { } last
        )
        {
            if (match.Name is not null)
                endPort.Report("a range needs a number in 'port', not a name");
            else if (last < match.First)
                endPort.Report($"the end of the range is below its start {match.First}");
            else
                match = match with { Last = (ushort)last };
        }
        return match is null ? null : new PortRule(match, protocol, null);
    }

    /// <summary>Reads a port of a Cilium policy: a text, a number of 1–65535 or a name.</summary>
    private static PortMatch? Match(ManifestField field)
    {
        if (field.Text() is not { } text)
            return null;
        if (text.Length > 0 && text.All(char.IsAsciiDigit))
        {
            if (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0)
                return new PortMatch(port, port, null);
            field.Report(
                port == 0 && text.Trim('0').Length == 0
                    ? "port 0 (all ports) is not enforced here; leave toPorts out, "
                        + "or use the range from \"1\" to endPort: 65535"
                    : "a port is a number from 1 to 65535"
            );
            return null;
        }
        if (LabelSyntax.IsPortName(text, 63))
            return new PortMatch(0, 0, text.ToLowerInvariant());
        field.Report("a port is a number from 1 to 65535 or a name of letters, digits and hyphens");
        return null;
    }

    private static L4Protocol? Protocol(ManifestField field)
    {
        switch (field.Text())
        {
            case null or "" or "ANY":
                return null;
            case "TCP":
                return L4Protocol.Tcp;
            case "UDP":
                return L4Protocol.Udp;
            case "SCTP":
                return L4Protocol.Sctp;
            case "ICMP" or "ICMPv6" or "VRRP" or "IGMP":
                field.Report("this protocol is recognised but not enforced here; only TCP, UDP and SCTP are");
                return null;
            default:
                field.Report("the protocol must be TCP, UDP, SCTP or ANY, in upper case");
                return null;
        }
    }
}

/// <summary>The ports of one section that carry L7 rules. Two types on one port are rejected, also when different rules
/// bring them (cilium, layer 7 policies: rules of one port are combined when they are of the same type, otherwise the
/// policy is rejected).</summary>
internal sealed class L7Ports
{
    private readonly List<(ManifestField Field, PortRule Port)> _http = [];
    private readonly List<(ManifestField Field, PortRule Port)> _dns = [];

    public void Add(ManifestField field, PortRule port, bool isHttp, bool isDns)
    {
        if (isHttp)
            _http.Add((field, port));
        else if (isDns)
            _dns.Add((field, port));
    }

    /// <summary>Reports each port that has both types.</summary>
    public void Report()
    {
        foreach ((ManifestField field, PortRule port) in _http)
        {
            if (_dns.Exists(d => Overlaps(port, d.Port)))
                field.Report("another rule has DNS rules on this port; one port takes one type of L7 rules");
        }
    }

    private static bool Overlaps(PortRule left, PortRule right) =>
        left.Ports.Name is null
        && right.Ports.Name is null
        && left.Ports.First <= right.Ports.Last
        && right.Ports.First <= left.Ports.Last
        && (left.Protocol is null || right.Protocol is null || left.Protocol == right.Protocol);
}
