using System.Text;
using System.Text.Json.Nodes;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>Valid policies, and random mutations of them that keep some of their structure.</summary>
internal static class PolicyMutations
{
    public static IReadOnlyList<string> Corpus { get; } =
    [
        PolicyLab.Scenario("two-sided-l7/backend-policy.yaml"),
        PolicyLab.Scenario("two-sided-l7/load-test-policy.yaml"),
        PolicyLab.Scenario("two-sided-l7/backend-policy.yaml")
            + "---\n"
            + PolicyLab.Scenario("two-sided-l7/load-test-policy.yaml"),
        Everything,
        PolicyLab.Kubernetes(
            """
              policyTypes:
              - Ingress
              - Egress
              ingress:
              - from:
                - ipBlock:
                    cidr: 10.0.0.0/8
                    except: [10.1.0.0/16]
                - namespaceSelector: {matchLabels: {team: red}}
                  podSelector: {matchExpressions: [{key: app, operator: In, values: [a, b]}]}
                ports:
                - port: 80
                  endPort: 90
                  protocol: UDP
                - port: web
              egress:
              - {}

            """
        ),
    ];

    private const string Everything = """
        # every field that is read
        apiVersion: cilium.io/v2
        kind: CiliumClusterwideNetworkPolicy
        metadata: &meta
          name: everything
          labels: {app.kubernetes.io/name: "x"}
          annotations: {note: 'text'}
        specs:
        - endpointSelector:
            matchExpressions:
            - key: k8s:tier
              operator: NotIn
              values: &tiers [a, b]
          enableDefaultDeny:
            ingress: false
            egress: yes
          description: |
            several
            lines
          ingress:
          - fromCIDRSet:
            - cidr: 10.0.0.0/8
              except:
              - 10.1.0.0/16
          - fromEntities: [world, cluster]
            toPorts:
            - ports:
              - port: "80"
                endPort: 90
                protocol: TCP
              rules:
                http:
                - path: "/(a|b)[0-9]+"
                  method: GET
                  host: '.*\.example'
                  headers: ["X-Y: v"]
                  headerMatches:
                  - {name: X-Z, value: w}
          ingressDeny:
          - fromCIDR: [192.0.2.1/32, "fd00::/8"]
          egress:
          - toPorts:
            - ports: [{port: "53", protocol: ANY}]
              rules:
                dns: [{matchPattern: "*"}]
          egressDeny:
          - toEndpoints:
            - matchExpressions: [{key: app, operator: In, values: *tiers}]

        """;

    private static readonly string[] s_fragments =
    [
        "null",
        "~",
        "{}",
        "[]",
        "*tiers",
        "&x",
        "!!str",
        "!!binary ",
        "<<: *meta",
        "\"",
        "'",
        "|",
        ">",
        "- ",
        ": ",
        "? ",
        "#",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "\t",
        "\r",
        "\r\n",
        "\0",
        "\u0085",
        "\u2028",
        "\ufeff",
        "\ud800",
        "\U0001F600",
        "99999999999999999999",
        "-1",
        "0x10",
        "1e9",
        ".nan",
        "true",
        "0.0.0.0/0",
        "::/0",
        "1.2.3.4/99",
        "(",
        ")",
        "[a-",
        "\\",
        "a{1000}",
        "(?=x)",
        "\\1",
        "k8s:",
        "reserved:host",
        "any:",
        ":",
        "/",
        new string('a', 300),
        new string('[', 200),
        "toFQDNs: []\n",
        "matchName: x",
        "port: 80",
        "protocol: ICMP",
        "  ",
        "\n",
        "\n\n",
        "@",
        "`",
        "{",
        "}",
        "[",
        "]",
        ",",
    ];

    public static string Mutate(Random random)
    {
        var text = new StringBuilder(Corpus[random.Next(Corpus.Count)]);
        for (int count = random.Next(1, 4); count > 0; count--)
        {
            int at = random.Next(text.Length + 1);
            int length = Math.Min(random.Next(1, 12), text.Length - at);
            switch (random.Next(9))
            {
                case 0:
                    text.Remove(at, length);
                    break;
                case 1:
                    text.Insert(at, s_fragments[random.Next(s_fragments.Length)]);
                    break;
                case 2:
                    text.Remove(at, length).Insert(at, s_fragments[random.Next(s_fragments.Length)]);
                    break;
                case 3 when at < text.Length:
                    text[at] = (char)(random.Next(4) == 0 ? random.Next(0x10000) : random.Next(0x20, 0x7f));
                    break;
                case 4:
                    text.Length = at;
                    break;
                case 5:
                    string other = Corpus[random.Next(Corpus.Count)];
                    int from = random.Next(other.Length);
                    text.Insert(at, other.AsSpan(from, random.Next(Math.Min(200, other.Length - from))));
                    break;
                default:
                    MutateLines(text, random);
                    break;
            }
        }
        return text.ToString();
    }

    private static void MutateLines(StringBuilder text, Random random)
    {
        List<string> lines = [.. text.ToString().Split('\n')];
        int line = random.Next(lines.Count);
        switch (random.Next(5))
        {
            case 0:
                lines.RemoveAt(line);
                break;
            case 1:
                lines.Insert(random.Next(lines.Count), lines[line]);
                break;
            case 2:
                lines[line] = new string(' ', random.Next(12)) + lines[line].TrimStart();
                break;
            case 3:
                int other = random.Next(lines.Count);
                (lines[line], lines[other]) = (lines[other], lines[line]);
                break;
            default:
                int colon = lines[line].IndexOf(':', StringComparison.Ordinal);
                if (colon > 0)
                    lines[line] = $"{lines[line][..colon]}: {s_fragments[random.Next(s_fragments.Length)]}";
                break;
        }
        text.Clear().AppendJoin('\n', lines);
    }

    public static void MutateTree(JsonNode node, Random random)
    {
        JsonNode at = node;
        while (random.Next(5) > 0)
        {
            List<JsonNode?> children = at switch
            {
                JsonObject o => [.. o.Select(f => f.Value)],
                JsonArray a => [.. a],
                _ => [],
            };
            JsonNode? next = children.Count == 0 ? null : children[random.Next(children.Count)];
            if (next is not (JsonObject or JsonArray))
                break;
            at = next;
        }
        JsonNode? Value() =>
            random.Next(8) switch
            {
                0 => null,
                1 => new JsonObject(),
                2 => new JsonArray(),
                3 => random.Next(70_000),
                4 => true,
                5 => 1.5,
                _ => s_fragments[random.Next(s_fragments.Length)].Replace("\ud800", "x", StringComparison.Ordinal),
            };
        if (at is JsonObject map)
        {
            string key =
                map.Count == 0 || random.Next(4) == 0
                    ? $"key{random.Next(3)}"
                    : map.ElementAt(random.Next(map.Count)).Key;
            if (random.Next(3) == 0)
                map.Remove(key);
            else
                map[key] = Value();
        }
        else if (at is JsonArray list)
        {
            if (list.Count > 0 && random.Next(2) == 0)
                list.RemoveAt(random.Next(list.Count));
            else
                list.Insert(random.Next(list.Count + 1), Value());
        }
    }
}
