using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>Which of Cilium's selectors the peers of a rule are. Two rules merge in a filter where they have the same
/// one.</summary>
internal static class SelectorKeys
{
    private const string Everything = "*";
    private const string Nothing = "reserved:none=";

    /// <summary>The selectors of a rule, without the one that never selects and is never merged.</summary>
    public static List<string> Of(TrafficRule rule, CiliumVersion release) =>
        // Before the rules that name the host were merged, a rule that selects everything kept that selector alone.
        rule.AnyPeer || (rule.SelectsAll && !ReleaseChanges.HostRulesAreMerged.In(release))
            ? [Everything]
            : [.. rule.Peers.SelectMany(Of).Where(k => k != Nothing).Distinct(StringComparer.Ordinal)];

    private static IEnumerable<string> Of(PeerSelector peer) =>
        peer switch
        {
            EntityPeer { Entity: "all" } => [Everything],
            EntityPeer { Entity: "cluster" } =>
            [
                .. EntityPeer.ClusterMembers.Select(Reserved),
                Text(LabelSelector.Equal(Label.Kubernetes, Label.Cluster, IdentityTable.DefaultCluster)),
            ],
            EntityPeer entity => [Reserved(entity.Entity)],
            EndpointPeer endpoint => [Text(endpoint.Selector)],
            CidrPeer cidr => [$"cidr:{cidr.Block.Text}-{string.Join(',', cidr.Except.Select(e => e.Text))}"],
            CidrGroupPeer { Selector: { } labels } group => [$"group:{Text(labels)}-{Except(group)}"],
            CidrGroupPeer group => [$"group {group.Name}-{Except(group)}"],
            NamePeer name => [$"fqdn:{name.Name}"],
            _ => [peer.ToString()],
        };

    private static string Except(CidrGroupPeer group) => string.Join(',', group.Except.Select(e => e.Text));

    private static string Reserved(string name) => Text(LabelSelector.Equal(Label.Reserved, name, ""));

    private static string Text(LabelSelector selector) =>
        string.Join(';', selector.Requirements.Select(Text).Order(StringComparer.Ordinal));

    private static string Text(LabelRequirement requirement) =>
        requirement is { Operator: LabelOperator.In, Values: [var value] }
            ? $"{requirement.Source ?? Label.Any}:{requirement.Key}={value}"
            : $"{requirement.Source ?? Label.Any}:{requirement.Key} {requirement.Operator} "
                + string.Join(',', requirement.Values);
}
