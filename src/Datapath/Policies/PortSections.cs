using System.Collections.Immutable;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>What a rule says once its peer matches.</summary>
/// <param name="IsDeny">Whether it forbids.</param>
/// <param name="Ports">Its ports; empty means all.</param>
/// <param name="NamesHost">Whether it has HTTP rules and names the host among its peers.</param>
/// <param name="SelectsAll">Whether it has HTTP rules and a peer of it is every peer.</param>
internal readonly record struct PortSection(
    bool IsDeny,
    ImmutableArray<PortRule> Ports,
    bool NamesHost,
    bool SelectsAll
)
{
    public static PortSection Of(TrafficRule rule)
    {
        bool hasHttp = rule.Ports.Any(p => p.Http is not null);
        return new(rule.IsDeny, rule.Ports, hasHttp && rule.NamesHost, hasHttp && rule.SelectsAll);
    }

    public bool UsesNames => Ports.Any(p => p.Ports.Name is not null);

    public bool Equals(PortSection other) =>
        (IsDeny, NamesHost, SelectsAll) == (other.IsDeny, other.NamesHost, other.SelectsAll)
        && Ports.AsSpan().SequenceEqual(other.Ports.AsSpan());

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(IsDeny);
        hash.Add(NamesHost);
        hash.Add(SelectsAll);
        foreach (PortRule port in Ports)
            hash.Add(port);
        return hash.ToHashCode();
    }
}

/// <summary>Compiles sets of port sections into verdicts for each port. Sets that were seen before, for whatever
/// subject and peer, are not compiled again. Safe for concurrent use.</summary>
internal sealed class PortSections(CiliumVersion release)
{
    private static readonly L4Protocol[] s_protocols = [L4Protocol.Tcp, L4Protocol.Udp, L4Protocol.Sctp];

    private readonly bool _mergesHostRules = ReleaseChanges.HostRulesAreMerged.In(release);
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
    private PortVerdicts Compile(PortSection[] chosen, Question question, L4Protocol protocol)
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
            yield return new Range(0, ushort.MaxValue, section, "", null);
        foreach (PortRule port in section.Ports)
        {
            if (port.Protocol is not null && port.Protocol != protocol)
                continue;
            HttpRuleSet? http = port.HttpWith(question.DefaultDeny);
            if (port.Ports.Name is null)
                yield return new Range(port.Ports.First, port.Ports.Last, section, port.Filter, http);
            foreach (NamedPort named in question.Names)
            {
                if (named.Protocol == protocol && named.Name == port.Ports.Name)
                    yield return new Range(
                        named.Port,
                        Math.Max(named.Port, port.Ports.Last),
                        section,
                        port.Filter,
                        http
                    );
            }
        }
    }

    private PolicyVerdict Decide(List<Range> ranges, int port, Question question)
    {
        bool plain = false;
        bool denied = false;
        List<Range> http = [];
        foreach (Range range in ranges)
        {
            if (port < range.First || port > range.Last)
                continue;
            if (range.Section.IsDeny)
                denied = true;
            else if (range.Http is null)
                plain = true;
            else
                http.Add(range);
        }

        if (denied)
            return PolicyVerdict.Drop(DropReason.DeniedByDenyRule);

        // A plain allow beside HTTP rules takes their effect away but not the redirection. So does the host's right to
        // come in, unless the rules name the host.
        if (http.Count > 0)
            return PolicyVerdict.Redirect(
                plain || (question.MayAlwaysEnter && !BindHost(http))
                    ? HttpRuleSet.AllowAll
                    : HttpRuleSet.Union([.. http.Select(r => r.Http!)])
            );
        return plain || question.MayAlwaysEnter || !question.DefaultDeny
            ? PolicyVerdict.Allow
            : PolicyVerdict.Drop(DropReason.PolicyDenied);
    }

    /// <summary>Whether rules bind the host: each filter of them names it. Cilium adds the host, with every request
    /// allowed, to a filter that selects it and does not name it (cilium, L4Filter.attach); before <see
    /// cref="ReleaseChanges.HostRulesAreMerged"/>, to each rule's filter before they are merged, and of a rule that
    /// selects everything it kept that selector alone (createL4IngressFilter).</summary>
    private bool BindHost(List<Range> http) =>
        _mergesHostRules
            ? http.GroupBy(r => r.Filter).All(filter => filter.Any(r => r.Section.NamesHost))
            : http.TrueForAll(r => r.Section is { NamesHost: true, SelectsAll: false });

    private readonly record struct Range(int First, int Last, PortSection Section, string Filter, HttpRuleSet? Http);

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
