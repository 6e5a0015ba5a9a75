using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Builds manifests from the events of YamlDotNet's parser. (Its own object model recurses without a limit: a
/// megabyte of opening brackets overflows the stack.)</summary>
public sealed partial class YamlManifest
{
    private readonly Parser _parser;
    private readonly Dictionary<AnchorName, ManifestNode> _anchors = [];
    private long _nodes;

    private YamlManifest(string text) => _parser = new Parser(new StringReader(text));

    /// <summary>Reads all documents of a text; empty documents are left out.</summary>
    /// <exception cref="ManifestException">The text is not YAML or exceeds a limit.</exception>
    public static List<ManifestNode> Read(string text)
    {
        if (text.Length > ManifestLimits.MaxText)
            throw new ManifestException(
                0,
                $"the text has {text.Length} characters, the limit is {ManifestLimits.MaxText}; "
                    + "split it into several files"
            );
        return new YamlManifest(text).Documents();
    }

    private static int Line(Mark mark) => (int)Math.Min(mark.Line, int.MaxValue);

    private List<ManifestNode> Documents()
    {
        List<ManifestNode> documents = [];
        while (Advance())
        {
            switch (_parser.Current)
            {
                case DocumentStart:
                    _anchors.Clear();
                    break;
                case NodeEvent or AnchorAlias:
                    ManifestNode document = Node(0);
                    if (document.Type != ManifestType.Null)
                        documents.Add(document);
                    break;
            }
        }
        return documents;
    }

    /// <summary>Reads the node that starts at the current event and stops at its last event.</summary>
    private ManifestNode Node(int depth)
    {
        ParsingEvent current = _parser.Current!;
        int line = Line(current.Start);
        if (depth > ManifestLimits.MaxDepth)
            throw new ManifestException(line, $"values are nested deeper than {ManifestLimits.MaxDepth} levels");
        if (current is AnchorAlias alias)
        {
            if (!_anchors.TryGetValue(alias.Value, out ManifestNode? target))
                throw new ManifestException(line, $"the alias *{alias.Value} refers to no earlier, complete value");
            Count(target.Size, line);
            return target;
        }
        Count(1, line);
        ManifestNode node = current switch
        {
            Scalar scalar => ScalarNode(scalar, line),
            SequenceStart => List(line, depth),
            MappingStart => Map(line, depth),
            _ => throw new ManifestException(line, "this is not YAML: a value was expected"),
        };
        if (current is NodeEvent { Anchor.IsEmpty: false } anchored)
            _anchors[anchored.Anchor] = node;
        return node;
    }

    private void Count(long size, int line)
    {
        _nodes += size;
        if (_nodes > ManifestLimits.MaxNodes)
            throw new ManifestException(
                line,
                $"the file has more than {ManifestLimits.MaxNodes} values (aliases counted as often as they are used)"
            );
    }

    private ManifestNode List(int line, int depth)
    {
        var list = new ManifestNode(ManifestType.List, line, "");
        while (Next() is not SequenceEnd)
        {
            ManifestNode item = Node(depth + 1);
            list.Items.Add(item);
            list.Size += item.Size;
        }
        return list;
    }

    private ManifestNode Map(int line, int depth)
    {
        var map = new ManifestNode(ManifestType.Map, line, "");
        HashSet<string> keys = new(StringComparer.Ordinal);
        List<ManifestNode> merged = [];
        while (Next() is not MappingEnd)
        {
            bool merges = _parser.Current is Scalar { Value: "<<", Style: ScalarStyle.Plain };
            ManifestNode key = Node(depth + 1);
            if (key.Type is ManifestType.List or ManifestType.Map)
                throw new ManifestException(key.Line, "a key must be a text");
            if (!keys.Add(key.Text))
                throw new ManifestException(key.Line, $"the key '{Printable.Text(key.Text)}' appears twice");
            Next();
            ManifestNode value = Node(depth + 1);
            if (merges)
                merged.AddRange(value.Type == ManifestType.List ? value.Items : [value]);
            else
                map.Fields.Add((key.Text, key.Line, value));
            map.Size += value.Size + 1;
        }
        foreach (ManifestNode source in merged)
        {
            if (source.Type != ManifestType.Map)
                throw new ManifestException(source.Line, "'<<' takes a map or a list of maps");
            map.Fields.AddRange(source.Fields.Where(f => keys.Add(f.Key)));
        }
        return map;
    }

    private ParsingEvent Next()
    {
        if (!Advance() || _parser.Current is null)
            throw new ManifestException(0, "this is not YAML: it ends inside a value");
        return _parser.Current;
    }

    /// <summary>Moves the parser on. Malformed text makes it throw its own exception or, from the depths of its
    /// scanner, almost any other (an InvalidOperationException for some plain scalars inside brackets); all of them say
    /// the same about the text.</summary>
    private bool Advance()
    {
        try
        {
            return _parser.MoveNext();
        }
        catch (YamlException exception)
        {
            throw new ManifestException(Line(exception.Start), $"this is not YAML: {exception.Message}");
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            int line = _parser.Current is { } last ? Line(last.End) : 0;
            throw new ManifestException(
                line,
                $"this is not YAML: the parser gave up after this line ({exception.GetType().Name})"
            );
        }
    }

    private static ManifestNode ScalarNode(Scalar scalar, int line)
    {
        if (!scalar.Tag.IsEmpty && !scalar.Tag.IsNonSpecific)
        {
            return scalar.Tag.Value switch
            {
                "tag:yaml.org,2002:str" => new ManifestNode(ManifestType.Text, line, scalar.Value),
                "tag:yaml.org,2002:int" => Number(scalar.Value, ManifestType.Integer, line),
                "tag:yaml.org,2002:float" => Number(scalar.Value, ManifestType.Number, line),
                "tag:yaml.org,2002:bool" => new ManifestNode(ManifestType.Boolean, line, scalar.Value),
                "tag:yaml.org,2002:null" => new ManifestNode(ManifestType.Null, line, scalar.Value),
                _ => throw new ManifestException(line, $"the tag {Printable.Text(scalar.Tag.Value)} is not supported"),
            };
        }
        string text = scalar.Value;
        if (scalar.Style != ScalarStyle.Plain || (scalar.Tag.IsNonSpecific && !scalar.Tag.IsEmpty))
            return new ManifestNode(ManifestType.Text, line, text);
        if (text is "" or "~" or "null" or "Null" or "NULL")
            return new ManifestNode(ManifestType.Null, line, text);
        return BooleanPattern().IsMatch(text)
            ? new ManifestNode(ManifestType.Boolean, line, text)
            : Number(text, ManifestType.Text, line);
    }

    private static ManifestNode Number(string text, ManifestType otherwise, int line)
    {
        (ManifestType type, string number) = YamlNumber.Read(text) ?? (otherwise, text);
        return new ManifestNode(type, line, number);
    }

    [GeneratedRegex(
        @"\A(?:[yY]|yes|Yes|YES|on|On|ON|true|True|TRUE|[nN]|no|No|NO|off|Off|OFF|false|False|FALSE)\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex BooleanPattern();
}
