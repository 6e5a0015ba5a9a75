using System.Collections.Immutable;
using System.Globalization;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Reads the spec of a networking.k8s.io/v1 NetworkPolicy, the way Cilium translates it
/// (pkg/k8s/network_policy.go).</summary>
internal static class KubernetesPolicyReader
{
    private static readonly FieldTable s_specFields = new(["podSelector", "policyTypes", "ingress", "egress"]);
    private static readonly FieldTable s_ingressFields = new(["from", "ports"]);
    private static readonly FieldTable s_egressFields = new(["to", "ports"]);
    private static readonly FieldTable s_peerFields = new(["podSelector", "namespaceSelector", "ipBlock"]);
    private static readonly FieldTable s_blockFields = new(["cidr", "except"]);
    private static readonly FieldTable s_portFields = new(["port", "endPort", "protocol"]);

    /// <summary>Reads the spec.</summary>
    public static PolicySpec? Read(ManifestField field, string policyNamespace)
    {
        Dictionary<string, ManifestField>? fields = field.Map(s_specFields, nullIsAbsent: true);
        if (fields is null)
            return null;
        LabelSelector subject = fields.TryGetValue("podSelector", out ManifestField selector)
            ? SelectorReader.Read(selector, SelectorKind.Kubernetes, impliesNamespace: true)
            : LabelSelector.Everything;
        List<TrafficRule> ingress = Rules(fields, "ingress", s_ingressFields, "from", policyNamespace);
        List<TrafficRule> egress = Rules(fields, "egress", s_egressFields, "to", policyNamespace);

        // Without policyTypes: always ingress, and egress when there are egress rules (Kubernetes API,
        // NetworkPolicySpec). Cilium applies the rules of a section also where policyTypes does not list it.
        (bool Ingress, bool Egress) types =
            fields.TryGetValue("policyTypes", out ManifestField list)
            && list.Node is not { Type: ManifestType.List, Items.Count: 0 }
                ? Types(list)
                : (true, egress.Count > 0);
        return new PolicySpec(
            subject.With(LabelSelector.Equal(Label.Kubernetes, Label.PodNamespace, policyNamespace)),
            [.. ingress],
            [.. egress],
            types.Ingress || ingress.Count > 0,
            types.Egress || egress.Count > 0
        );
    }

    private static (bool Ingress, bool Egress) Types(ManifestField list)
    {
        bool ingress = false;
        bool egress = false;
        foreach (ManifestField item in list.Items())
        {
            string? type = item.Text();
            ingress |= type == "Ingress";
            egress |= type == "Egress";
            if (type is not (null or "Ingress" or "Egress"))
                item.Report("a policy type is Ingress or Egress");
        }
        return (ingress, egress);
    }

    private static List<TrafficRule> Rules(
        Dictionary<string, ManifestField> fields,
        string name,
        FieldTable table,
        string side,
        string policyNamespace
    )
    {
        List<TrafficRule> rules = [];
        if (!fields.TryGetValue(name, out ManifestField section))
            return rules;
        foreach (ManifestField item in section.Items())
        {
            if (item.Map(table, nullIsAbsent: true) is not { } members)
                continue;
            List<PeerSelector> peers = [];
            bool anyPeer = true;
            if (members.TryGetValue(side, out ManifestField list))
            {
                foreach (ManifestField peer in list.Items())
                {
                    anyPeer = false;
                    if (Peer(peer, policyNamespace) is not { } selector)
                        continue;
                    peers.Add(selector);
                    if (
                        selector is CidrPeer
                        && side == "from"
                        && ReleaseChanges.IpBlockAllowsNamespace.In(peer.Problems.Release)
                    )
                    {
                        peers.Add(new EndpointPeer(InNamespace(policyNamespace)));
                        peer.Note(
                            "Cilium allows all Pods of the policy's namespace here as well, which Kubernetes "
                                + $"does not: a bug of Cilium's, fixed in {ReleaseChanges.IpBlockAllowsNamespace.Until}"
                        );
                    }
                }
            }
            List<PortRule> ports = [];
            if (members.TryGetValue("ports", out ManifestField portList))
            {
                foreach (ManifestField port in portList.Items())
                {
                    if (Port(port) is { } rule)
                        ports.Add(rule);
                }
            }
            // Unlike in a Cilium policy, an empty rule or an empty list of peers allows every peer.
            rules.Add(new TrafficRule(false, anyPeer, [.. peers], [.. ports]));
        }
        return rules;
    }

    private static PeerSelector? Peer(ManifestField field, string policyNamespace)
    {
        if (field.Map(s_peerFields, nullIsAbsent: true) is not { } fields)
            return null;
        bool hasPods = fields.TryGetValue("podSelector", out ManifestField pods);
        bool hasNamespaces = fields.TryGetValue("namespaceSelector", out ManifestField namespaces);
        if (fields.TryGetValue("ipBlock", out ManifestField block))
        {
            if (hasPods || hasNamespaces)
                field.Report("ipBlock cannot be combined with selectors; write two peers");
            return CidrReader.BlockWithExceptions(block, s_blockFields, nullIsAbsent: true);
        }
        if (!hasPods && !hasNamespaces)
        {
            field.Report(
                "a peer needs podSelector, namespaceSelector or ipBlock; leave the list out to mean all peers"
            );
            return null;
        }
        ImmutableArray<LabelRequirement> podLabels = hasPods
            ? SelectorReader.Read(pods, SelectorKind.Kubernetes, impliesNamespace: !hasNamespaces).Requirements
            : [];
        if (!hasNamespaces)
            return new EndpointPeer(new LabelSelector([.. podLabels, .. InNamespace(policyNamespace).Requirements]));
        ImmutableArray<LabelRequirement> namespaceLabels = SelectorReader
            .Read(namespaces, SelectorKind.Kubernetes, Label.NamespaceLabelPrefix)
            .Requirements;

        // An empty namespace selector means all pods of all namespaces, not everything.
        if (namespaceLabels.IsEmpty)
            namespaceLabels = [new LabelRequirement(Label.Kubernetes, Label.PodNamespace, LabelOperator.Exists, [])];
        return new EndpointPeer(
            SelectorReader.ImplyCluster(new LabelSelector(namespaceLabels.AddRange(podLabels)), field.Problems.Release)
        );
    }

    private static LabelSelector InNamespace(string policyNamespace) =>
        new([LabelSelector.Equal(Label.Kubernetes, Label.PodNamespace, policyNamespace)]);

    private static PortRule? Port(ManifestField field)
    {
        if (field.Map(s_portFields, nullIsAbsent: true) is not { } fields)
            return null;
        L4Protocol protocol = fields.TryGetValue("protocol", out ManifestField protocolField)
            ? Protocol(protocolField)
            : L4Protocol.Tcp;
        PortMatch? match = PortMatch.All;
        ushort end = 0;
        bool hasPort = fields.TryGetValue("port", out ManifestField port);
        if (hasPort)
            match = Match(port);
        if (fields.TryGetValue("endPort", out ManifestField endPort) && endPort.Integer(1, ushort.MaxValue) is { } last)
        {
            if (!hasPort || match is { Name: not null })
                endPort.Report("a range needs a number in 'port'");
            else if (match is not null && last < match.First)
                endPort.Report(
                    $"the end of the range is below its start {match.First.ToString(CultureInfo.InvariantCulture)}"
                );
            else if (match is not null && ReleaseChanges.PortRanges.In(field.Problems.Release))
            {
                match = match with { Last = (ushort)last };
                end = (ushort)last;
            }
            else if (match is not null)
                PortReader.NoteIgnoredRange(endPort);
        }
        if (match is null)
            return null;
        string text = match.Name ?? match.First.ToString(CultureInfo.InvariantCulture);
        return new PortRule(match, protocol, null)
        {
            Filter = PortFilters.Key(text, match.Name is not null, end, field.Problems.Release),
        };
    }

    /// <summary>Reads a port of a NetworkPolicy: a number, or a text that is a name.</summary>
    private static PortMatch? Match(ManifestField field)
    {
        if (field.Node.Type == ManifestType.Integer)
            return field.Integer(1, ushort.MaxValue) is { } number
                ? new PortMatch((ushort)number, (ushort)number, null)
                : null;
        if (field.Text() is not { } text)
            return null;
        if (LabelSyntax.IsPortName(text, 15) && !text.Any(char.IsAsciiLetterUpper))
            return new PortMatch(0, 0, text);
        field.Report(
            "a port is a number from 1 to 65535 without quotes, "
                + "or a name of up to 15 lower-case letters, digits and hyphens with a letter in it"
        );
        return null;
    }

    private static L4Protocol Protocol(ManifestField field)
    {
        switch (field.Text())
        {
            case "UDP":
                return L4Protocol.Udp;
            case "SCTP":
                return L4Protocol.Sctp;
            case null or "TCP":
                break;
            default:
                field.Report("the protocol must be TCP, UDP or SCTP");
                break;
        }
        return L4Protocol.Tcp;
    }
}
