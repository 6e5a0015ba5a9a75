using System.Text.Json.Nodes;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>Random valid policy objects over a small vocabulary, so that rules meet and overlap often.</summary>
internal sealed class RandomPolicies(int seed)
{
    private static readonly string[] s_namespaces = ["a", "b"];
    private static readonly string[] s_blocks =
    [
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.1.2.0/24",
        "0.0.0.0/0",
        "192.0.2.1/32",
    ];
    private static readonly string[] s_entities =
    [
        "all",
        "world",
        "cluster",
        "host",
        "remote-node",
        "kube-apiserver",
        "init",
        "health",
        "unmanaged",
        "none",
    ];
    private static readonly string[] s_methods = ["GET", "POST", "GET|HEAD", "P.*"];
    private static readonly string[] s_paths = ["/", "/public", "/a.*", "/[ab]"];

    private readonly Random _random = new(seed);

    public List<JsonObject> Policies(int countMax) =>
        [.. Enumerable.Range(0, _random.Next(countMax + 1)).Select(i => Policy($"p{i}"))];

    public bool Chance(double probability) => _random.NextDouble() < probability;

    public T Pick<T>(IReadOnlyList<T> values) => values[_random.Next(values.Count)];

    private JsonObject Policy(string name)
    {
        int kind = _random.Next(5);
        var metadata = new JsonObject { ["name"] = name };
        if (kind != 0)
            metadata["namespace"] = Pick(s_namespaces);
        var policy = new JsonObject
        {
            ["apiVersion"] = kind == 1 ? "networking.k8s.io/v1" : "cilium.io/v2",
            ["kind"] = kind switch
            {
                0 => "CiliumClusterwideNetworkPolicy",
                1 => "NetworkPolicy",
                _ => "CiliumNetworkPolicy",
            },
            ["metadata"] = metadata,
        };
        if (kind == 1)
            policy["spec"] = KubernetesSpec();
        else if (Chance(0.2))
            policy["specs"] = List(1, 2, CiliumSpec);
        else
            policy["spec"] = CiliumSpec();
        return policy;
    }

    private JsonObject CiliumSpec()
    {
        var spec = new JsonObject
        {
            ["endpointSelector"] = Chance(0.05)
                ? new JsonObject { ["matchLabels"] = new JsonObject { ["reserved:init"] = "" } }
                : Selector(sources: true, subject: true),
        };
        foreach (string side in (string[])["ingress", "egress"])
        {
            if (Chance(0.6))
                spec[side] = List(0, 3, () => CiliumRule(side, deny: false));
            if (Chance(0.15))
                spec[side + "Deny"] = List(0, 2, () => CiliumRule(side, deny: true));
        }
        // Cilium refuses a spec without a rule.
        if (!spec.Any(s => s.Value is JsonArray { Count: > 0 }))
            spec["ingress"] = List(1, 1, () => CiliumRule("ingress", deny: false));
        if (Chance(0.2))
        {
            var flags = new JsonObject();
            if (Chance(0.6))
                flags["ingress"] = Chance(0.5);
            if (Chance(0.6))
                flags["egress"] = Chance(0.5);
            spec["enableDefaultDeny"] = flags;
        }
        return spec;
    }

    private JsonObject CiliumRule(string direction, bool deny)
    {
        string side = direction == "ingress" ? "from" : "to";
        var rule = new JsonObject();
        switch (_random.Next(6))
        {
            case 0 or 1:
                rule[side + "Endpoints"] = List(0, 2, () => Selector(sources: true, subject: false));
                break;
            case 2:
                rule[side + "CIDR"] = List(0, 2, () => Pick(s_blocks));
                break;
            case 3:
                rule[side + "CIDRSet"] = List(0, 2, BlockWithExceptions);
                break;
            case 4:
                rule[side + "Entities"] = List(0, 2, () => Pick(s_entities));
                break;
        }
        if (Chance(0.6))
            rule["toPorts"] = List(0, 2, () => CiliumPorts(deny));
        return rule;
    }

    private JsonObject CiliumPorts(bool deny)
    {
        bool http = !deny && Chance(0.65);
        var entry = new JsonObject { ["ports"] = List(1, 2, () =>
            {
                var port = new JsonObject { ["port"] = Pick((string[])["80", "81", "8080", "web", "api", "80"]) };
                if (http || Chance(0.6))
                    port["protocol"] = http ? "TCP" : Pick((string[])["TCP", "UDP", "ANY", "SCTP"]);
                if (port["port"]!.GetValue<string>() is not ("web" or "api") && Chance(0.3))
                    port["endPort"] = Pick((int[])[8080, 8081, 65535]);
                return port;
            }) };
        if (http)
            entry["rules"] = new JsonObject { ["http"] = List(Chance(0.1) ? 0 : 1, 2, Http) };
        return entry;
    }

    private JsonObject Http()
    {
        var rule = new JsonObject();
        if (Chance(0.8))
            rule["method"] = Pick(s_methods);
        if (Chance(0.5))
            rule["path"] = Pick(s_paths);
        return rule;
    }

    private JsonObject KubernetesSpec()
    {
        var spec = new JsonObject { ["podSelector"] = Selector(sources: false, subject: true) };
        foreach ((string section, string side) in ((string, string)[])[("ingress", "from"), ("egress", "to")])
        {
            if (Chance(0.6))
                spec[section] = List(0, 2, () => KubernetesRule(side));
        }
        if (Chance(0.5))
            spec["policyTypes"] = List(0, 2, () => Pick((string[])["Ingress", "Egress"]));
        return spec;
    }

    private JsonObject KubernetesRule(string side)
    {
        var rule = new JsonObject();
        if (Chance(0.7))
        {
            rule[side] = List(0, 2, () => _random.Next(4) switch
                {
                    0 => new JsonObject { ["podSelector"] = Selector(sources: false, subject: false) },
                    1 => new JsonObject { ["namespaceSelector"] = NamespaceSelector() },
                    2 => new JsonObject
                    {
                        ["namespaceSelector"] = NamespaceSelector(),
                        ["podSelector"] = Selector(sources: false, subject: false),
                    },
                    _ => new JsonObject { ["ipBlock"] = BlockWithExceptions() },
                });
        }
        if (Chance(0.6))
        {
            rule["ports"] = List(0, 2, () =>
            {
                var port = new JsonObject();
                if (Chance(0.6))
                    port["protocol"] = Pick((string[])["TCP", "UDP", "SCTP"]);
                if (Chance(0.3))
                    port["port"] = Pick((string[])["web", "api"]);
                else if (Chance(0.7))
                    (port["port"], port["endPort"]) = (80, Pick((int[])[80, 81, 8080]));
                return port;
            });
        }
        return rule;
    }

    private JsonObject NamespaceSelector() =>
        Chance(0.3)
            ? []
            : new JsonObject { ["matchLabels"] = new JsonObject { ["team"] = Pick((string[])["red", "blue"]) } };

    private JsonObject BlockWithExceptions()
    {
        var set = new JsonObject { ["cidr"] = Pick((string[])["10.0.0.0/8", "0.0.0.0/0"]) };
        if (Chance(0.6))
            set["except"] = List(0, 2, () => Pick((string[])["10.1.0.0/16", "10.1.2.0/24", "10.0.0.0/9"]));
        return set;
    }

    private JsonObject Selector(bool sources, bool subject)
    {
        var selector = new JsonObject();
        string Source() => sources ? Pick((string[])["", "k8s:", "any:"]) : "";
        if (Chance(subject ? 0.4 : 0.6))
        {
            var labels = new JsonObject();
            if (Chance(0.7))
                labels[Source() + "app"] = Pick((string[])["x", "y"]);
            if (sources && !subject && Chance(0.4))
                labels[Source() + "io.kubernetes.pod.namespace"] = Pick(s_namespaces);
            if (sources && !subject && Chance(0.2))
                labels[Source() + "io.cilium.k8s.namespace.labels.team"] = Pick((string[])["red", "blue"]);
            if (sources && !subject && Chance(0.1))
                labels[Pick((string[])["reserved:world", "reserved:remote-node", "reserved:health"])] = "";
            selector["matchLabels"] = labels;
        }
        if (Chance(0.3))
        {
            selector["matchExpressions"] = List(0, 2, () =>
            {
                string @operator = Pick((string[])["In", "NotIn", "Exists", "DoesNotExist"]);
                var expression = new JsonObject
                {
                    ["key"] = Source() + Pick((string[])["app", "tier"]),
                    ["operator"] = @operator,
                };
                if (@operator is "In" or "NotIn")
                    expression["values"] = List(1, 2, () => Pick((string[])["x", "y", "1"]));
                return expression;
            });
        }
        return selector;
    }

    private JsonArray List<T>(int min, int max, Func<T> item)
    {
        var list = new JsonArray();
        for (int count = _random.Next(min, max + 1); count > 0; count--)
            list.Add(item());
        return list;
    }
}
