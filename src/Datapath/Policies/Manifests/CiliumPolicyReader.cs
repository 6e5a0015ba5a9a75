using System.Collections.Immutable;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Reads the rules of CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy.</summary>
internal static class CiliumPolicyReader
{
    private const string UseEndpoints = "select peers by endpoints, CIDR or entities";

    private static readonly FieldTable s_specFields = new(
        [
            "endpointSelector",
            "ingress",
            "ingressDeny",
            "egress",
            "egressDeny",
            "enableDefaultDeny",
            "description",
            "labels",
        ],
        ("nodeSelector", "use endpointSelector; host policies are not enforced"),
        ("log", "remove it")
    );

    private static readonly FieldTable s_labelFields = new(["key", "value", "source"]);
    private static readonly FieldTable s_defaultDenyFields = new(["ingress", "egress"]);
    private static readonly FieldTable s_cidrSetFields = new(
        ["cidr", "except"],
        ("cidrGroupRef", "list the blocks"),
        ("cidrGroupSelector", "list the blocks")
    );

    private static readonly string[] s_peerNames = ["Endpoints", "CIDR", "CIDRSet", "Entities"];

    private static readonly FieldTable s_ingressFields = RuleFields("from", isDeny: false);
    private static readonly FieldTable s_ingressDenyFields = RuleFields("from", isDeny: true);
    private static readonly FieldTable s_egressFields = RuleFields("to", isDeny: false);
    private static readonly FieldTable s_egressDenyFields = RuleFields("to", isDeny: true);

    /// <summary>Reads one spec.</summary>
    /// <param name="field">The spec.</param>
    /// <param name="policyNamespace">The namespace of the policy; empty when it is clusterwide.</param>
    public static PolicySpec? Read(ManifestField field, string policyNamespace)
    {
        Dictionary<string, ManifestField>? fields = field.Map(s_specFields);
        if (fields is null)
            return null;
        LabelSelector selector = LabelSelector.Everything;
        if (fields.TryGetValue("endpointSelector", out ManifestField selectorField))
            selector = SelectorReader.Read(selectorField, kubernetes: false);
        else
            field.Report("'endpointSelector' is missing; {} selects all endpoints of the namespace");
        bool subjectIsInit = selector.HasKey(Label.Reserved, "init");

        List<TrafficRule> ingress = Rules(fields, "ingress", s_ingressFields, "from", isDeny: false);
        ingress.AddRange(Rules(fields, "ingressDeny", s_ingressDenyFields, "from", isDeny: true));
        List<TrafficRule> egress = Rules(fields, "egress", s_egressFields, "to", isDeny: false);
        egress.AddRange(Rules(fields, "egressDeny", s_egressDenyFields, "to", isDeny: true));

        (bool? ingressDeny, bool? egressDeny) = DefaultDeny(fields);
        if (fields.TryGetValue("description", out ManifestField description))
            description.Text();
        if (fields.TryGetValue("labels", out ManifestField labels))
        {
            foreach (ManifestField label in labels.Items())
                label.Map(s_labelFields);
        }

        // A section without entries does not begin default deny (cilium, Rule.Sanitize).
        return new PolicySpec(
            SelectorReader.InNamespace(selector, policyNamespace),
            [.. ingress],
            [.. egress],
            ingressDeny ?? ingress.Count > 0,
            egressDeny ?? egress.Count > 0
        );
        List<TrafficRule> Rules(
            Dictionary<string, ManifestField> sections,
            string name,
            FieldTable table,
            string side,
            bool isDeny
        )
        {
            List<TrafficRule> rules = [];
            var l7 = new L7Ports();
            if (!sections.TryGetValue(name, out ManifestField section))
                return rules;
            foreach (ManifestField item in section.Items())
            {
                if (item.Map(table) is { } members)
                    rules.Add(Rule(item, members, side, isDeny, policyNamespace, subjectIsInit, l7));
            }
            l7.Report();
            return rules;
        }
    }

    private static FieldTable RuleFields(string side, bool isDeny)
    {
        List<(string, string)> notEnforced =
        [
            ($"{side}Requires", "it is deprecated; put the labels into the selectors"),
            ($"{side}Groups", UseEndpoints),
            ($"{side}Nodes", $"use {side}Entities: [remote-node]"),
            ("icmps", "remove it; the lab carries no ICMP"),
        ];
        if (!isDeny)
            notEnforced.Add(("authentication", "remove it; there is no mutual authentication"));
        if (side == "to")
            notEnforced.Add(("toServices", "select the pods behind the Service with toEndpoints"));
        if (side == "to" && !isDeny)
            notEnforced.Add(("toFQDNs", "allow addresses with toCIDR"));
        return new FieldTable([.. s_peerNames.Select(name => side + name), "toPorts"], [.. notEnforced]);
    }

    private static (bool? Ingress, bool? Egress) DefaultDeny(Dictionary<string, ManifestField> fields)
    {
        if (
            !fields.TryGetValue("enableDefaultDeny", out ManifestField field)
            || field.Map(s_defaultDenyFields) is not { } members
        )
            return (null, null);
        return (Flag("ingress"), Flag("egress"));

        bool? Flag(string name) => members.TryGetValue(name, out ManifestField flag) ? flag.Boolean() : null;
    }

    /// <summary>Reads a rule. Peers left out mean any peer when ports are given; a rule with neither matches nothing
    /// (<c>- {}</c> only begins default deny; cilium, mergeIngress). A list of peers that is there and empty matches
    /// nothing.</summary>
    private static TrafficRule Rule(
        ManifestField field,
        Dictionary<string, ManifestField> members,
        string side,
        bool isDeny,
        string policyNamespace,
        bool subjectIsInit,
        L7Ports l7
    )
    {
        TrafficDirection direction = side == "from" ? TrafficDirection.Ingress : TrafficDirection.Egress;
        List<PeerSelector> peers = [];
        List<string> used = [];
        foreach (string kind in s_peerNames)
        {
            if (!members.TryGetValue(side + kind, out ManifestField list))
                continue;
            used.Add(side + kind);
            foreach (ManifestField item in list.Items())
            {
                if (Peer(kind, item, policyNamespace, subjectIsInit) is { } peer)
                    peers.Add(peer);
            }
        }
        if (used.Count > 1)
            field.Report($"Cilium does not combine {string.Join(" and ", used)} in one rule; write one rule for each");
        ImmutableArray<PortRule> ports = members.TryGetValue("toPorts", out ManifestField toPorts)
            ? PortReader.Read(toPorts, direction, isDeny, l7)
            : [];
        return new TrafficRule(isDeny, used.Count == 0 && !ports.IsEmpty, [.. peers], ports);
    }

    private static PeerSelector? Peer(string kind, ManifestField item, string policyNamespace, bool subjectIsInit)
    {
        switch (kind)
        {
            case "Endpoints":
                return new EndpointPeer(
                    SelectorReader.ImplyPeerNamespace(
                        SelectorReader.Read(item, kubernetes: false),
                        policyNamespace,
                        subjectIsInit
                    )
                );
            case "Entities":
                if (item.Text() is not { } entity)
                    return null;
                if (EntityPeer.Names.Contains(entity))
                    return new EntityPeer(entity);
                item.Report($"the entities are {string.Join(", ", EntityPeer.Names.Order(StringComparer.Ordinal))}");
                return null;
            case "CIDR":
                return CidrReader.Block(item, allowAddress: true) is { } block ? new CidrPeer(block, []) : null;
            default:
                return CidrReader.BlockWithExceptions(item, s_cidrSetFields, nullIsAbsent: false);
        }
    }
}
