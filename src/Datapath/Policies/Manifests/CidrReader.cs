using System.Text.RegularExpressions;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Reads address blocks.</summary>
internal static partial class CidrReader
{
    public static CidrBlock? Block(ManifestField field)
    {
        if (field.Text() is not { } text)
            return null;
        var block = CidrBlock.Parse(text);
        if (block is null)
            field.Report("must be an address block such as 10.0.0.0/8");
        return block;
    }

    private static readonly FieldTable s_setFields = new(["cidr", "except", "cidrGroupRef", "cidrGroupSelector"])
    {
        Begun = [("cidrGroupSelector", ReleaseChanges.CidrGroupSelectors)],
        ReadEarly = [("cidrGroupRef", ReleaseChanges.CidrGroupReferences)],
    };

    /// <summary>Reads an entry of fromCIDRSet or toCIDRSet.</summary>
    public static PeerSelector? BlockOrGroup(ManifestField field, TrafficDirection direction)
    {
        string[] kinds = ["cidr", "cidrGroupRef", "cidrGroupSelector"];
        List<(string Key, int Line, ManifestNode Value)> given = field.Node.Fields.FindAll(f => kinds.Contains(f.Key));
        if (given.Count > 1)
            field.Report($"one of {string.Join(", ", kinds)} is needed, not several");
        if (given.Count != 1 || given[0].Key == "cidr")
            return BlockWithExceptions(field, s_setFields, nullIsAbsent: false);
        if (field.Map(s_setFields) is not { } fields)
            return null;
        List<CidrBlock> except = GroupExceptions(fields);
        field.Note("a CiliumCIDRGroup selects addresses outside of the cluster, none of the lab's Pods");
        if (fields.TryGetValue("cidrGroupSelector", out ManifestField selector))
            return new CidrGroupPeer(null, SelectorReader.Read(selector, SelectorKind.CidrGroups), [.. except]);
        if (!fields.TryGetValue("cidrGroupRef", out ManifestField reference) || reference.Text() is not { } name)
            return null;
        if (!LabelSyntax.IsSubdomain(name))
            reference.Report("this is not the name of a CiliumCIDRGroup");
        if (direction == TrafficDirection.Egress && !ReleaseChanges.CidrGroupsInEgress.In(field.Problems.Release))
        {
            field.Note($"before {ReleaseChanges.CidrGroupsInEgress.Since} Cilium reads no group for egress");
            return new CidrGroupPeer("", null, []);
        }
        return new CidrGroupPeer(name, null, [.. except]);
    }

    /// <summary>The exceptions beside a group. Only the schema looks at them, which takes leading zeros; a block with
    /// some excepts nothing (cilium, CIDRRule.Validate).</summary>
    private static List<CidrBlock> GroupExceptions(Dictionary<string, ManifestField> fields)
    {
        List<CidrBlock> except = [];
        if (!fields.TryGetValue("except", out ManifestField list))
            return except;
        foreach (ManifestField item in list.Items())
        {
            if (item.Node.Type != ManifestType.Text || WithoutLeadingZeros(item.Node.Text) is not { } sloppy)
                Block(item);
            else if (CidrBlock.Parse(item.Node.Text) is { } block)
                except.Add(block);
            else
                item.Note($"Cilium excepts nothing here: write {sloppy.Text}, without leading zeros");
        }
        return except;
    }

    private static CidrBlock? WithoutLeadingZeros(string text) =>
        CidrBlock.Parse(text) ?? CidrBlock.Parse(LeadingZeros().Replace(text, ""));

    [GeneratedRegex(@"(?<![0-9A-Fa-f:])0+(?=[0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex LeadingZeros();

    /// <summary>Reads <c>{cidr, except}</c>.</summary>
    public static CidrPeer? BlockWithExceptions(ManifestField field, FieldTable table, bool nullIsAbsent)
    {
        if (field.Map(table, nullIsAbsent) is not { } fields)
            return null;
        CidrBlock? block = null;
        if (fields.TryGetValue("cidr", out ManifestField cidr))
            block = Block(cidr);
        else
            field.Report("'cidr' is missing");
        List<CidrBlock> except = Exceptions(fields, block);
        return block is null ? null : new CidrPeer(block, [.. except]);
    }

    private static List<CidrBlock> Exceptions(Dictionary<string, ManifestField> fields, CidrBlock? block)
    {
        List<CidrBlock> except = [];
        if (!fields.TryGetValue("except", out ManifestField list))
            return except;
        foreach (ManifestField item in list.Items())
        {
            CidrBlock? exception = Block(item);
            if (exception is null)
                continue;
            if (block is not null && !block.ContainsStartOf(exception))
                item.Report($"the exception is not inside {block.Text}");
            except.Add(exception);
        }
        return except;
    }
}
