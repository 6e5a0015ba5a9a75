using System.Collections.Frozen;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Reads icmps. The lab carries no ICMP: the rules allow and deny none of its traffic.</summary>
internal static class IcmpReader
{
    private const int MaxFields = 40;
    private static readonly FieldTable s_ruleFields = new(["fields"]);
    private static readonly FieldTable s_typeFields = new(["family", "type"]);

    /// <summary>The names of types that Cilium takes for each family (cilium, pkg/policy/api/icmp.go). It knows
    /// ExtendedEchoReply as well, which the custom resource's schema misspells and refuses.</summary>
    private static readonly FrozenSet<string> s_ipv4 = (
        "EchoReply DestinationUnreachable Redirect Echo EchoRequest RouterAdvertisement RouterSelection TimeExceeded "
        + "ParameterProblem Timestamp TimestampReply Photuris ExtendedEchoRequest"
    )
        .Split(' ')
        .ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> s_ipv6 = (
        "DestinationUnreachable PacketTooBig TimeExceeded ParameterProblem EchoRequest EchoReply "
        + "MulticastListenerQuery MulticastListenerReport MulticastListenerDone RouterSolicitation "
        + "RouterAdvertisement NeighborSolicitation NeighborAdvertisement RedirectMessage RouterRenumbering "
        + "ICMPNodeInformationQuery ICMPNodeInformationResponse InverseNeighborDiscoverySolicitation "
        + "InverseNeighborDiscoveryAdvertisement HomeAgentAddressDiscoveryRequest HomeAgentAddressDiscoveryReply "
        + "MobilePrefixSolicitation MobilePrefixAdvertisement DuplicateAddressRequestCodeSuffix "
        + "DuplicateAddressConfirmationCodeSuffix ExtendedEchoRequest"
    )
        .Split(' ')
        .ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Reads the list of a rule.</summary>
    /// <returns>Whether it has an entry.</returns>
    public static bool Read(Dictionary<string, ManifestField> rule)
    {
        if (!rule.TryGetValue("icmps", out ManifestField list) || list.IsEmptyList)
            return false;
        list.Note("the lab carries no ICMP: the rule allows and denies none of its traffic");
        foreach (ManifestField item in list.Items())
        {
            if (item.Map(s_ruleFields) is not { } fields || !fields.TryGetValue("fields", out ManifestField types))
                continue;
            foreach (ManifestField type in types.Items())
                Type(type);
            if (types.Node.Items.Count > MaxFields)
                types.Report($"Cilium takes up to {MaxFields} types in one list; use several entries");
        }
        return true;
    }

    private static void Type(ManifestField field)
    {
        if (field.Map(s_typeFields) is not { } members)
            return;
        string family = "IPv4";
        if (members.TryGetValue("family", out ManifestField familyField) && familyField.Text() is { } given)
        {
            family = given;
            if (given is not ("IPv4" or "IPv6"))
                familyField.Report("the family is IPv4 or IPv6");
        }
        if (!members.TryGetValue("type", out ManifestField type))
        {
            field.Report("'type' is missing");
            return;
        }
        if (type.Node.Type == ManifestType.Integer || type.Text() is not { } text)
            return;
        bool isNumber = text.Length is > 0 and <= 3 && text.All(char.IsAsciiDigit) && (text == "0" || text[0] != '0');
        if (isNumber ? int.Parse(text) > 255 : !(family == "IPv6" ? s_ipv6 : s_ipv4).Contains(text))
            type.Report($"a type of {family} ICMP is a number from 0 to 255 or a name such as EchoRequest");
    }
}
