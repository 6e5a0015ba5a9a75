using System.Collections.Immutable;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>What a rule says once its peer matches.</summary>
/// <param name="IsDeny">Whether it forbids.</param>
/// <param name="Ports">Its ports; empty means all.</param>
/// <param name="NamesHost">Whether it has HTTP rules and names the host among its peers.</param>
internal readonly record struct PortSection(bool IsDeny, ImmutableArray<PortRule> Ports, bool NamesHost)
{
    public static PortSection Of(TrafficRule rule) =>
        new(rule.IsDeny, rule.Ports, rule.NamesHost && rule.Ports.Any(p => p.Http is not null));

    public bool UsesNames => Ports.Any(p => p.Ports.Name is not null);

    public bool Equals(PortSection other) =>
        IsDeny == other.IsDeny && NamesHost == other.NamesHost && Ports.AsSpan().SequenceEqual(other.Ports.AsSpan());

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(IsDeny);
        hash.Add(NamesHost);
        foreach (PortRule port in Ports)
            hash.Add(port);
        return hash.ToHashCode();
    }
}

/// <summary>Compiles sets of port sections into verdicts for each port. Sets that were seen before, for whatever
/// subject and peer, are not compiled again. Safe for concurrent use.</summary>
internal sealed class PortSections
{
    private static readonly L4Protocol[] s_protocols = [L4Protocol.Tcp, L4Protocol.Udp, L4Protocol.Sctp];

    private readonly Lock _gate = new();
    private readonly Dictionary<PortSection, int> _numbers = [];
    private readonly List<PortSection> _sections = [];
    private readonly Dictionary<Question, PeerVerdicts> _compiled = [];

    public int NumberOf(PortSection section)
    {
        lock (_gate)
        {
            if (_numbers.TryGetValue(section, out int number))
                return number;
            _numbers.Add(section, _sections.Count);
            _sections.Add(section);
            return _sections.Count - 1;
        }
    }

    /// <summary>The verdicts of a set of sections.</summary>
    /// <param name="matching">The numbers of the sections whose peers match, ascending.</param>
    /// <param name="names">What names of ports stand for.</param>
    /// <param name="defaultDeny">Whether what no section allows is denied.</param>
    /// <param name="mayAlwaysEnter">Whether the peer is the host of the subject's node on its way in.</param>
    public PeerVerdicts Compile(int[] matching, ImmutableArray<NamedPort> names, bool defaultDeny, bool mayAlwaysEnter)
    {
        lock (_gate)
        {
            PortSection[] chosen = [.. matching.Select(i => _sections[i])];
            if (!chosen.Any(s => s.UsesNames))
                names = [];
            var question = new Question(matching, names, defaultDeny, mayAlwaysEnter);
            if (!_compiled.TryGetValue(question, out PeerVerdicts? verdicts))
            {
                PortVerdicts[] each = [.. s_protocols.Select(protocol => Compile(chosen, question, protocol))];
                _compiled.Add(question, verdicts = new PeerVerdicts(each[0], each[1], each[2]));
            }
            return verdicts;
        }
    }

    /// <summary>Steps: 1. cut the ports at the edges of all ranges; 2. decide each piece; 3. join neighbours with equal
    /// verdicts.</summary>
    private static PortVerdicts Compile(PortSection[] chosen, Question question, L4Protocol protocol)
    {
        // 1.
        List<Range> ranges = [.. chosen.SelectMany(section => Ranges(section, question, protocol))];
        var edges = new SortedSet<int> { 0 };
        foreach (Range range in ranges)
        {
            edges.Add(range.First);
            edges.Add(range.Last + 1);
        }
        edges.Remove(ushort.MaxValue + 1);

        // 2. and 3.
        List<(ushort Start, PolicyVerdict Verdict)> verdicts = [];
        foreach (int edge in edges)
        {
            PolicyVerdict verdict = Decide(ranges, edge, question);
            if (verdicts.Count == 0 || verdicts[^1].Verdict != verdict)
                verdicts.Add(((ushort)edge, verdict));
        }
        return new PortVerdicts([.. verdicts]);
    }

    private static IEnumerable<Range> Ranges(PortSection section, Question question, L4Protocol protocol)
    {
        if (section.Ports.IsEmpty)
            yield return new Range(0, ushort.MaxValue, section, null);
        foreach (PortRule port in section.Ports)
        {
            if (port.Protocol is not null && port.Protocol != protocol)
                continue;
            HttpRuleSet? http = port.HttpWith(question.DefaultDeny);
            if (port.Ports.Name is null)
                yield return new Range(port.Ports.First, port.Ports.Last, section, http);
            foreach (NamedPort named in question.Names)
            {
                if (named.Protocol == protocol && named.Name == port.Ports.Name)
                    yield return new Range(named.Port, Math.Max(named.Port, port.Ports.Last), section, http);
            }
        }
    }

    private static PolicyVerdict Decide(List<Range> ranges, int port, Question question)
    {
        bool plain = false;
        bool denied = false;
        bool bindsHost = true;
        List<HttpRuleSet> http = [];
        foreach (Range range in ranges)
        {
            if (port < range.First || port > range.Last)
                continue;
            if (range.Section.IsDeny)
                denied = true;
            else if (range.Http is null)
                plain = true;
            else
            {
                http.Add(range.Http);
                bindsHost &= range.Section.NamesHost;
            }
        }

        if (denied)
            return PolicyVerdict.Drop(DropReason.DeniedByDenyRule);

        // A plain allow beside HTTP rules takes their effect away but not the redirection. So does the host's right to
        // come in, unless the rules name the host.
        if (http.Count > 0)
            return PolicyVerdict.Redirect(
                plain || (question.MayAlwaysEnter && !bindsHost) ? HttpRuleSet.AllowAll : HttpRuleSet.Union(http)
            );
        return plain || question.MayAlwaysEnter || !question.DefaultDeny
            ? PolicyVerdict.Allow
            : PolicyVerdict.Drop(DropReason.PolicyDenied);
    }

    private readonly record struct Range(int First, int Last, PortSection Section, HttpRuleSet? Http);

    private readonly record struct Question(
        int[] Matching,
        ImmutableArray<NamedPort> Names,
        bool DefaultDeny,
        bool MayAlwaysEnter
    )
    {
        public bool Equals(Question other) =>
            DefaultDeny == other.DefaultDeny
            && MayAlwaysEnter == other.MayAlwaysEnter
            && Matching.AsSpan().SequenceEqual(other.Matching)
            && Names.AsSpan().SequenceEqual(other.Names.AsSpan());

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            hash.Add(DefaultDeny);
            hash.Add(MayAlwaysEnter);
            foreach (int section in Matching)
                hash.Add(section);
            foreach (NamedPort name in Names)
                hash.Add(name);
            return hash.ToHashCode();
        }
    }
}
