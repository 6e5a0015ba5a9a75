using System.Collections.Immutable;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Reads toPorts of Cilium policies.</summary>
internal static class PortReader
{
    private const int MaxPorts = 40;
    private const string AnyProtocol = "ANY";
    private const string NoTls = "remove it; the lab's proxies speak plain HTTP";

    private static readonly FieldTable s_allowFields = new(
        ["ports", "rules"],
        ("terminatingTLS", NoTls),
        ("originatingTLS", NoTls),
        ("serverNames", NoTls),
        ("listener", "remove it; there are no custom Envoy listeners")
    )
    {
        EmptyListsAreAbsent = true,
    };

    private static readonly FieldTable s_denyFields = new(["ports"]);
    private static readonly FieldTable s_portFields = new(["port", "endPort", "protocol"]);

    private static readonly FieldTable s_ruleFields = new(
        ["http", "dns"],
        ("kafka", "use http or no L7 rules"),
        ("l7proto", "use http or no L7 rules"),
        ("l7", "use http or no L7 rules")
    )
    {
        EmptyListsAreAbsent = true,
    };

    private static readonly string[] s_types = ["http", "dns", "kafka", "l7proto"];

    /// <summary>Reads the list.</summary>
    /// <param name="field">The list.</param>
    /// <param name="direction">Ingress or egress.</param>
    /// <param name="isDeny">Whether the rule denies; then it takes no L7 rules.</param>
    /// <returns>The ports; none where the list is empty, or names no port of a protocol that the lab carries.</returns>
    public static ImmutableArray<PortRule> Read(ManifestField field, TrafficDirection direction, bool isDeny)
    {
        List<PortRule> ports = [];
        foreach (ManifestField item in field.Items())
        {
            if (item.Map(isDeny ? s_denyFields : s_allowFields) is { } fields)
                ports.AddRange(Entry(item, fields, direction));
        }
        return [.. ports];
    }

    private static List<PortRule> Entry(
        ManifestField item,
        Dictionary<string, ManifestField> fields,
        TrafficDirection direction
    )
    {
        if (
            item.Node.Fields.Any(f => f is ("serverNames", _, { Type: ManifestType.List, Items.Count: 0 }))
            && ReleaseChanges.ServerNamesHaveEntries.In(item.Problems.Release)
        )
            item.Report("'serverNames' needs an entry; remove it");
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
                if (http is not null && read.Protocol != "TCP")
                    port.Report("HTTP rules apply to TCP only: say protocol: TCP");
                if ((http is not null || isDns) && read.Match is { Name: null, First: 0 })
                    port.Report("L7 rules need a port: 0 means all ports");
                if (isDns && read.Match.Name is null && read.EndPort > read.Match.First)
                    port.Report("DNS rules do not apply to a range of ports");
                // The lab carries neither VRRP nor IGMP.
                if (read.Protocol is not ("VRRP" or "IGMP"))
                    result.Add(
                        new PortRule(read.Match, ProtocolOf(read.Protocol), http, isDns) { Filter = read.Filter }
                    );
            }
            if (ports.Node.Items.Count > MaxPorts)
                ports.Report($"Cilium takes up to {MaxPorts} ports in one list; use several toPorts entries");
        }
        if (isDns && (!fields.ContainsKey("ports") || ports.IsEmptyList))
            item.Report("DNS rules need a port in 'ports'");
        return result;
    }

    private static (HttpRuleSet? Http, bool IsDns) Rules(ManifestField field, TrafficDirection direction)
    {
        Dictionary<string, ManifestField>? fields = field.Map(s_ruleFields);
        if (fields is null)
            return (null, false);
        bool isHttp = fields.TryGetValue("http", out ManifestField http);
        bool isDns = fields.TryGetValue("dns", out ManifestField dns);
        // By the schema there is exactly one of these; the lists may be empty.
        var types = s_types.Count(type => Has(field, type));
        if (types > 1)
            field.Report("one port takes one type of L7 rules; http, dns, kafka and l7proto need ports of their own");
        else if (types == 0 && field.Node.Fields.Count == fields.Count)
            field.Report("'rules' needs http or dns; remove it to allow the port");
        else if (field.Node.Fields.Any(f => f is ("l7", _, { Items.Count: 0 })) && !Has(field, "l7proto"))
            field.Report("'l7' needs a 'l7proto', which is not enforced here: remove it");
        bool hasNames = isDns && !dns.IsEmptyList;
        if (hasNames)
            Dns(dns, direction);
        return (isHttp ? HttpRuleReader.Read(http) : null, hasNames);
    }

    private static bool Has(ManifestField field, string name) => field.Node.Fields.Any(f => f.Key == name);

    /// <summary>DNS rules are a plain allow of the port: there is no DNS proxy that could enforce names.</summary>
    private static void Dns(ManifestField field, TrafficDirection direction)
    {
        if (direction == TrafficDirection.Ingress)
            field.Report("DNS rules are not allowed on ingress");
        bool allowsAll = false;
        foreach (ManifestField item in field.Items())
            allowsAll |= DnsName.Read(item) == "*";
        if (!allowsAll)
            field.Note("the lab resolves no names of the outside: every DNS request on this port is allowed");
    }

    private static (PortMatch Match, ushort EndPort, string Protocol, string Filter)? Port(ManifestField field)
    {
        if (field.Map(s_portFields) is not { } fields)
            return null;
        if (!fields.TryGetValue("port", out ManifestField port))
        {
            field.Report("'port' is missing");
            return null;
        }
        string protocol = fields.TryGetValue("protocol", out ManifestField protocolField)
            ? Protocol(protocolField)
            : AnyProtocol;
        int? last = fields.TryGetValue("endPort", out ManifestField endPort)
            ? endPort.Integer(0, ushort.MaxValue)
            : null;
        if (Match(port) is not { } match)
            return null;
        if (protocol is "VRRP" or "IGMP" && match.Name is null && port.Text() != "0")
            port.Report($"{protocol} has no ports: the port must be 0");
        // An end below the start has no effect; a range that begins with a name begins at its port (cilium, toMapState).
        ushort end = (ushort)(last ?? 0);
        if (end > match.First && !ReleaseChanges.PortRanges.In(field.Problems.Release))
        {
            NoteIgnoredRange(endPort);
            end = 0;
        }
        if (end > match.First)
            match = match with { Last = end };
        string filter = PortFilters.Key(
            match.Name ?? port.Node.Text,
            match.Name is not null,
            end,
            field.Problems.Release
        );
        return (match, end, protocol, filter);
    }

    /// <summary>Says that a release does not have ranges.</summary>
    public static void NoteIgnoredRange(ManifestField endPort) =>
        endPort.Note($"before {ReleaseChanges.PortRanges.Since} Cilium ignores it: only the first port is open");

    /// <summary>Reads a port of a Cilium policy: a text, a name of up to 15 characters or a number as Go's
    /// ParseUint(text, 0, 16) reads it, 0 for all ports.</summary>
    private static PortMatch? Match(ManifestField field)
    {
        if (field.Text() is not { } text)
            return null;
        if (LabelSyntax.IsPortName(text, 15))
            return new PortMatch(0, 0, text.ToLowerInvariant());
        if (GoNumber(text) is { } port)
            return port == 0 ? PortMatch.All : new PortMatch(port, port, null);
        field.Report(
            "a port is a number from 0 to 65535 (octal with a leading 0), "
                + "or a name of up to 15 letters, digits and hyphens with a letter in it"
        );
        return null;
    }

    /// <summary>A number without a letter, which would make it a name: decimal, or octal with a leading 0; underscores
    /// between digits.</summary>
    private static ushort? GoNumber(string text)
    {
        if (text.Length == 0 || text[0] == '_' || text[^1] == '_' || text.Contains("__", StringComparison.Ordinal))
            return null;
        string digits = text.Replace("_", "", StringComparison.Ordinal);
        int radix = digits.Length > 1 && digits[0] == '0' ? 8 : 10;
        int value = 0;
        foreach (char digit in digits)
        {
            if (!char.IsAsciiDigit(digit) || digit - '0' >= radix)
                return null;
            value = value * radix + (digit - '0');
            if (value > ushort.MaxValue)
                return null;
        }
        return (ushort)value;
    }

    private static string Protocol(ManifestField field)
    {
        if (field.Text() is not { } text)
            return AnyProtocol;
        List<string> protocols = ["TCP", "UDP", "SCTP"];
        if (text == "SCTP" && !ReleaseChanges.SctpInPolicies.In(field.Problems.Release))
            field.NoteEarly(ReleaseChanges.SctpInPolicies);
        if (ReleaseChanges.ProtocolsWithoutPorts.In(field.Problems.Release))
            protocols.AddRange(["VRRP", "IGMP"]);
        if (text == AnyProtocol || protocols.Contains(text))
            return text;
        field.Report($"the protocol must be {string.Join(", ", protocols)} or {AnyProtocol}, in upper case");
        return AnyProtocol;
    }

    private static L4Protocol? ProtocolOf(string text) =>
        text switch
        {
            "TCP" => L4Protocol.Tcp,
            "UDP" => L4Protocol.Udp,
            "SCTP" => L4Protocol.Sctp,
            _ => null,
        };
}
