using System.Collections.Immutable;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Reads the rules of CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy. What is refused is what the
/// custom resource's schema and Cilium's Sanitize refuse, and what the lab cannot enforce.</summary>
internal static class CiliumPolicyReader
{
    private const string UseEndpoints = "select peers by endpoints, CIDR or entities";

    private static readonly string[] s_sections = ["ingress", "ingressDeny", "egress", "egressDeny"];

    private static readonly FieldTable s_specFields = new([
        .. s_sections,
        "endpointSelector",
        "nodeSelector",
        "enableDefaultDeny",
        "description",
        "labels",
        "log",
    ])
    {
        Begun = [("enableDefaultDeny", ReleaseChanges.EnableDefaultDenyExists)],
        ReadEarly = [("log", ReleaseChanges.PolicyLogs)],
    };

    private static readonly FieldTable s_defaultDenyFields = new(["ingress", "egress"]);
    private static readonly FieldTable s_authenticationFields = new(["mode"]);

    private static readonly string[] s_peerNames = ["Endpoints", "CIDR", "CIDRSet", "Entities", "Services", "FQDNs"];

    private static readonly FieldTable s_ingressFields = RuleFields("from", isDeny: false);
    private static readonly FieldTable s_ingressDenyFields = RuleFields("from", isDeny: true);
    private static readonly FieldTable s_egressFields = RuleFields("to", isDeny: false);
    private static readonly FieldTable s_egressDenyFields = RuleFields("to", isDeny: true);

    /// <summary>Reads one spec.</summary>
    /// <param name="field">The spec.</param>
    /// <param name="kind">The kind of policy.</param>
    /// <param name="policyNamespace">The namespace of the policy; empty when it is clusterwide.</param>
    /// <returns>Null for a spec with a problem, and for one that selects nodes: it has no effect on Pods.</returns>
    public static PolicySpec? Read(ManifestField field, PolicyKind kind, string policyNamespace)
    {
        Dictionary<string, ManifestField>? fields = field.Map(s_specFields);
        if (fields is null)
            return null;
        LabelSelector? subject = Subject(field, fields, kind);
        RequireSections(field, fields);
        (bool? ingressFlag, bool? egressFlag) = DefaultDeny(fields);
        var context = new SpecContext(
            policyNamespace,
            subject is not null && subject.HasKey(Label.Reserved, "init"),
            field.Problems.Release
        );
        List<TrafficRule> ingress = Rules(fields, "ingress", s_ingressFields, false, context, ingressFlag);
        ingress.AddRange(Rules(fields, "ingressDeny", s_ingressDenyFields, true, context, ingressFlag));
        List<TrafficRule> egress = Rules(fields, "egress", s_egressFields, false, context, egressFlag);
        egress.AddRange(Rules(fields, "egressDeny", s_egressDenyFields, true, context, egressFlag));
        PolicyTextReader.Read(fields);
        if (
            subject is null
            && (
                ingress.Exists(r => r.Ports.Any(p => p.Http is not null || p.IsDns))
                || egress.Exists(r => r.Ports.Any(p => p.Http is not null))
            )
        )
            field.Report("a host policy takes no L7 rules but DNS rules for egress");
        return subject is null
            ? null
            : new PolicySpec(
                SelectorReader.InNamespace(subject, policyNamespace),
                [.. ingress],
                [.. egress],
                BeginsDefaultDeny(ingress, ingressFlag, context.Release),
                BeginsDefaultDeny(egress, egressFlag, context.Release)
            );
    }

    /// <summary>A section without entries does not begin default deny (cilium, Rule.Sanitize).</summary>
    private static bool BeginsDefaultDeny(List<TrafficRule> rules, bool? flag, CiliumVersion release) =>
        ReleaseChanges.DefaultDenyNeedsRules.In(release)
            ? rules.Count > 0 && flag is not false
            : flag ?? rules.Count > 0;

    private static LabelSelector? Subject(
        ManifestField field,
        Dictionary<string, ManifestField> fields,
        PolicyKind kind
    )
    {
        bool selectsPods = fields.TryGetValue("endpointSelector", out ManifestField endpoints);
        bool selectsNodes = fields.TryGetValue("nodeSelector", out ManifestField nodes);
        if (selectsPods && selectsNodes)
            field.Report("a spec has 'endpointSelector' or 'nodeSelector', not both");
        if (!selectsPods && !selectsNodes)
            field.Report("'endpointSelector' is missing; {} selects all endpoints of the namespace");
        if (selectsNodes)
        {
            SelectorReader.Read(nodes, SelectorKind.Cilium);
            if (!selectsPods && kind != PolicyKind.CiliumClusterwideNetworkPolicy)
                nodes.Report("only a CiliumClusterwideNetworkPolicy selects nodes");
            nodes.Note("a host policy has no effect on Pods; the lab's nodes have no traffic of their own");
        }
        return selectsPods
            ? SelectorReader.Read(
                endpoints,
                SelectorKind.Cilium,
                impliesNamespace: kind != PolicyKind.CiliumClusterwideNetworkPolicy
            )
            : null;
    }

    private static void RequireSections(ManifestField field, Dictionary<string, ManifestField> fields)
    {
        List<string> given = [.. s_sections.Where(fields.ContainsKey)];
        if (given.Count == 0 && !field.Node.Fields.Exists(f => s_sections.Contains(f.Key)))
            field.Report($"one of {string.Join(", ", s_sections)} is needed");
        else if (
            given.Count > 0
            && given.TrueForAll(s => fields[s].IsEmptyList)
            && ReleaseChanges.EmptySectionsRefused.In(field.Problems.Release)
        )
            field.Report($"one of {string.Join(", ", s_sections)} needs an entry; {{}} begins default deny");
    }

    private static FieldTable RuleFields(string side, bool isDeny)
    {
        List<(string, string)> notEnforced =
        [
            ($"{side}Groups", UseEndpoints),
            ($"{side}Nodes", $"use {side}Entities: [remote-node]"),
        ];
        List<string> known =
        [
            .. s_peerNames
                .Where(name => side == "to" || name is not ("Services" or "FQDNs"))
                .Where(name => !isDeny || name != "FQDNs")
                .Select(name => side + name),
            $"{side}Requires",
            "toPorts",
            "icmps",
        ];
        if (!isDeny)
            known.Add("authentication");
        return new FieldTable([.. known], [.. notEnforced])
        {
            EmptyListsAreAbsent = true,
            ReadEarly = [("icmps", ReleaseChanges.IcmpRules), ("authentication", ReleaseChanges.Authentication)],
        };
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

    private static List<TrafficRule> Rules(
        Dictionary<string, ManifestField> sections,
        string name,
        FieldTable table,
        bool isDeny,
        SpecContext context,
        bool? defaultDeny
    )
    {
        List<TrafficRule> rules = [];
        if (!sections.TryGetValue(name, out ManifestField section))
            return rules;
        TrafficDirection direction = name.StartsWith("ingress", StringComparison.Ordinal)
            ? TrafficDirection.Ingress
            : TrafficDirection.Egress;
        bool httpNeedsDefaultDeny = defaultDeny is false && ReleaseChanges.NoDefaultDenyAllowsHttp.In(context.Release);
        foreach (ManifestField item in section.Items())
        {
            if (item.Map(table) is not { } members)
                continue;
            TrafficRule rule = Rule(item, members, direction, isDeny, context);
            rules.Add(
                httpNeedsDefaultDeny
                    ? rule with
                    {
                        Ports = [.. rule.Ports.Select(p => p with { HttpNeedsDefaultDeny = p.Http is not null })],
                    }
                    : rule
            );
        }
        return rules;
    }

    /// <summary>Reads a rule. Peers left out mean any peer when ports are given; a rule with neither matches nothing
    /// (<c>- {}</c> only begins default deny; cilium, mergeIngress). So does one whose list of endpoints is there and
    /// empty, whose <c>toPorts</c> name no port, and one of ICMP, which the lab does not carry.</summary>
    private static TrafficRule Rule(
        ManifestField field,
        Dictionary<string, ManifestField> members,
        TrafficDirection direction,
        bool isDeny,
        SpecContext context
    )
    {
        string side = direction == TrafficDirection.Ingress ? "from" : "to";
        List<PeerSelector> peers = [];
        List<string> given = [];
        List<string> filled = [];
        foreach (string kind in s_peerNames)
        {
            if (!members.TryGetValue(side + kind, out ManifestField list))
                continue;
            given.Add(kind);
            if (!list.IsEmptyList)
                filled.Add(side + kind);
            if (kind == "FQDNs" && !list.IsEmptyList)
                list.Note("names select no Pod: addresses that DNS gives belong to none");
            foreach (ManifestField item in list.Items())
            {
                if (Peer(kind, item, direction, context) is { } peer)
                    peers.Add(peer);
            }
        }
        if (filled.Count > 1)
            field.Report(
                $"Cilium does not combine {string.Join(" and ", filled)} in one rule; write one rule for each"
            );
        if (members.TryGetValue(side + "Requires", out ManifestField requires) && !requires.IsEmptyList)
            requires.Report(
                ReleaseChanges.RequirementsRemoved.In(context.Release)
                    ? "Cilium no longer takes it; put the labels into the selectors"
                    : FieldTable.NotEnforced("put the labels into the selectors")
            );
        Authentication(members);

        bool hasPorts = members.TryGetValue("toPorts", out ManifestField toPorts);
        ImmutableArray<PortRule> ports = hasPorts ? PortReader.Read(toPorts, direction, isDeny) : [];
        bool isIcmp = IcmpReader.Read(members);
        bool namesPorts = hasPorts && !toPorts.IsEmptyList;
        if (isIcmp && namesPorts)
            field.Report("icmps and toPorts need rules of their own");
        if (
            filled.Contains("toServices")
            && hasPorts
            && !toPorts.IsEmptyList
            && !ReleaseChanges.ServicesSelectPods.In(context.Release)
        )
            field.Report(
                $"before {ReleaseChanges.ServicesSelectPods.Since} Cilium does not combine toServices and toPorts in one rule"
            );
        bool namesNoEndpoint = HasEmpty("Endpoints") || HasEmpty("Nodes") || (given.Count == 0 && HasEmpty("Groups"));
        if (isIcmp || namesNoEndpoint || (namesPorts && ports.IsEmpty))
            return TrafficRule.Nothing(isDeny);
        return new TrafficRule(isDeny, given.Count == 0 && namesPorts, [.. peers], ports);

        bool HasEmpty(string kind) =>
            field.Node.Fields.Exists(f =>
                f.Key == side + kind && f.Value is { Type: ManifestType.List, Items.Count: 0 }
            );
    }

    private static void Authentication(Dictionary<string, ManifestField> members)
    {
        if (!members.TryGetValue("authentication", out ManifestField field))
            return;
        if (field.Map(s_authenticationFields) is not { } fields)
            return;
        if (!fields.TryGetValue("mode", out ManifestField mode))
            field.Report("'mode' is missing");
        else if (mode.Text() is "required" or "test-always-fail")
            mode.Report("recognised but not enforced here: there is no mutual authentication; remove it");
        else if (mode.Text() is not (null or "disabled"))
            mode.Report("the mode is disabled, required or test-always-fail");
    }

    private static PeerSelector? Peer(string kind, ManifestField item, TrafficDirection direction, SpecContext context)
    {
        switch (kind)
        {
            case "Endpoints":
                LabelSelector selector = SelectorReader.Read(item, SelectorKind.Cilium);
                return new EndpointPeer(
                    SelectorReader.ImplyCluster(
                        SelectorReader.ImplyPeerNamespace(selector, context.Namespace, context.SubjectIsInit),
                        context.Release
                    )
                );
            case "Entities":
                if (item.Text() is not { } entity)
                    return null;
                if (EntityBegun(entity) is { } begun && !begun.In(context.Release))
                    item.NoteEarly(begun);
                if (EntityPeer.Names.Contains(entity))
                    return new EntityPeer(entity);
                item.Report($"the entities are {string.Join(", ", EntityPeer.Names.Order(StringComparer.Ordinal))}");
                return null;
            case "CIDR":
                return CidrReader.Block(item) is { } block ? new CidrPeer(block, []) : null;
            case "Services":
                return ServiceReferenceReader.Read(item, context.Release);
            case "FQDNs":
                return DnsName.Read(item) is { } name ? new NamePeer(name) : null;
            default:
                return CidrReader.BlockOrGroup(item, direction);
        }
    }

    private static ReleaseChange? EntityBegun(string entity) =>
        entity switch
        {
            "kube-apiserver" => ReleaseChanges.KubeApiServerEntity,
            "ingress" => ReleaseChanges.IngressEntity,
            _ => null,
        };

    /// <summary>What the rules of a spec are read with.</summary>
    /// <param name="Namespace">The policy's namespace; empty when it is clusterwide.</param>
    /// <param name="SubjectIsInit">Whether the subject is <c>reserved:init</c>.</param>
    /// <param name="Release">The release whose rules hold.</param>
    private sealed record SpecContext(string Namespace, bool SubjectIsInit, CiliumVersion Release);
}
