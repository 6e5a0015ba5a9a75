namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Reads address blocks.</summary>
internal static class CidrReader
{
    public static CidrBlock? Block(ManifestField field, bool allowAddress)
    {
        if (field.Text() is not { } text)
            return null;
        var block = CidrBlock.Parse(text, allowAddress);
        if (block is null)
            field.Report($"must be an address block such as 10.0.0.0/8{(allowAddress ? " or an address" : "")}");
        return block;
    }

    private static readonly FieldTable s_setFields = new(["cidr", "except", "cidrGroupRef", "cidrGroupSelector"]);

    /// <summary>Reads an entry of fromCIDRSet or toCIDRSet.</summary>
    /// <returns>Null for a group: the lab has no CiliumCIDRGroup, and a group that does not exist selects
    /// nothing.</returns>
    public static CidrPeer? BlockOrGroup(ManifestField field)
    {
        string[] kinds = ["cidr", "cidrGroupRef", "cidrGroupSelector"];
        List<(string Key, int Line, ManifestNode Value)> given = field.Node.Fields.FindAll(f => kinds.Contains(f.Key));
        if (given.Count > 1)
            field.Report($"one of {string.Join(", ", kinds)} is needed, not several");
        if (given.Count != 1 || given[0].Key == "cidr")
            return BlockWithExceptions(field, s_setFields, nullIsAbsent: false);
        if (field.Map(s_setFields) is not { } fields)
            return null;
        if (fields.TryGetValue("cidrGroupRef", out ManifestField name) && name.Text() is { } text)
        {
            if (!LabelSyntax.IsSubdomain(text))
                name.Report("this is not the name of a CiliumCIDRGroup");
        }
        else if (fields.TryGetValue("cidrGroupSelector", out ManifestField selector))
            SelectorReader.Read(selector, kubernetes: false);
        field.Note("the lab has no CiliumCIDRGroup: the entry selects nothing");
        return null;
    }

    /// <summary>Reads <c>{cidr, except}</c>.</summary>
    public static CidrPeer? BlockWithExceptions(ManifestField field, FieldTable table, bool nullIsAbsent)
    {
        if (field.Map(table, nullIsAbsent) is not { } fields)
            return null;
        CidrBlock? block = null;
        if (fields.TryGetValue("cidr", out ManifestField cidr))
            block = Block(cidr, allowAddress: false);
        else
            field.Report("'cidr' is missing");
        List<CidrBlock> except = [];
        if (fields.TryGetValue("except", out ManifestField list))
        {
            foreach (ManifestField item in list.Items())
            {
                CidrBlock? exception = Block(item, allowAddress: false);
                if (exception is null)
                    continue;
                if (block is not null && !block.ContainsStartOf(exception))
                    item.Report($"the exception is not inside {block.Text}");
                except.Add(exception);
            }
        }
        return block is null ? null : new CidrPeer(block, [.. except]);
    }
}
