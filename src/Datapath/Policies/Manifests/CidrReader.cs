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
