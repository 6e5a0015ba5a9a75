using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Tests.Policies;

namespace CiliumDebugging.Bench.Policies;

/// <summary>Changes random policies into what only few have: HTTP rules with all their parts, DNS rules, ports at the
/// edges, and rules that Cilium refuses.</summary>
internal sealed class EdgePolicies(RandomPolicies random)
{
    private static readonly string[] s_paths =
    [
        "/",
        "/public.*",
        "/[[:alpha:]/]+",
        @"/v\d/.*",
        "/a|/x",
        "(?i)/PUBLIC.*",
    ];
    private static readonly string[] s_badPaths = ["(?!x)", @"/\e", "/x{1001}", "(", @"/\p{IsGreek}"];
    private static readonly string[] s_hosts = ["example.com", ".*", @"example\.com(:\d+)?", "[a-z.]+"];
    private static readonly string[] s_headers = ["X-Y: v", "X-Y", "X-Y:", "X-Token: t", "x-y: v"];
    private static readonly string[] s_mismatches = ["LOG", "ADD", "DELETE", "REPLACE", "add"];
    private static readonly string[] s_ports =
    [
        "0",
        "00",
        "0120",
        "8_0",
        "80",
        "web",
        "WEB",
        "api",
        "65536",
        "0x50",
        "",
    ];
    private static readonly int[] s_ends = [0, 50, 79, 90, 100, 8081, 65_535];
    private static readonly string[] s_protocols = ["TCP", "TCP", "UDP", "ANY", "SCTP", "VRRP", "IGMP"];
    private static readonly string[] s_names = ["example.com", "a b", "*"];
    private static readonly string[] s_peers = ["Endpoints", "CIDR", "CIDRSet", "Entities", "Nodes", "Groups"];
    private static readonly string[] s_modes = ["disabled", "required", "foo"];

    public JsonObject Changed(JsonObject policy)
    {
        foreach (var spec in Specs(policy))
        {
            if (random.Chance(0.4))
                spec["endpointSelector"] = new JsonObject();
            foreach (var direction in (string[])["ingress", "egress"])
            {
                foreach (var rule in (spec[direction] as JsonArray ?? []).OfType<JsonObject>())
                {
                    if (random.Chance(0.5))
                        Change(rule, direction == "ingress" ? "from" : "to");
                }
            }
            if (policy["kind"]!.GetValue<string>() == "CiliumClusterwideNetworkPolicy" && random.Chance(0.2))
            {
                spec.Remove("endpointSelector");
                spec["nodeSelector"] = new JsonObject();
            }
        }
        return policy;
    }

    private static List<JsonObject> Specs(JsonObject policy)
    {
        List<JsonObject> specs = [.. (policy["specs"] as JsonArray ?? []).OfType<JsonObject>()];
        if (policy["spec"] is JsonObject spec)
            specs.Add(spec);
        return policy["kind"]!.GetValue<string>() == "NetworkPolicy" ? [] : specs;
    }

    private void Change(JsonObject rule, string side)
    {
        switch (random.Pick(Enumerable.Range(0, 12).ToList()))
        {
            case 0:
                rule["toPorts"] = Ports(Port(random.Pick(s_ports), random.Pick(s_protocols)), null);
                break;
            case 1:
                rule["toPorts"] = Ports(Port(random.Pick(s_ports), "TCP"), new JsonObject { ["http"] = Http() });
                break;
            case 2:
                rule["toPorts"] = Ports(
                    Port(random.Pick((string[])["53", "5353"]), random.Pick(s_protocols), random.Chance(0.1)),
                    new JsonObject { ["dns"] = new JsonArray(Name()) }
                );
                break;
            case 3 when side == "to":
                Peers(rule, side);
                rule["toFQDNs"] = new JsonArray(Name());
                break;
            case 4 when side == "to":
                Peers(rule, side);
                rule["toServices"] = new JsonArray(
                    new JsonObject
                    {
                        ["k8sService"] = new JsonObject { ["serviceName"] = "s", ["namespace"] = "a" },
                    }
                );
                break;
            case 5:
                if (random.Chance(0.8))
                    rule.Remove("toPorts");
                var field = new JsonObject { ["type"] = random.Pick((string[])["8", "EchoRequest", "256"]) };
                rule["icmps"] = new JsonArray(new JsonObject { ["fields"] = new JsonArray(field) });
                break;
            case 6:
                Peers(rule, side);
                rule[side + random.Pick(s_peers)] = new JsonArray();
                break;
            case 7 when random.Chance(0.3):
                rule["authentication"] = new JsonObject { ["mode"] = random.Pick(s_modes) };
                break;
            default:
                if (random.Chance(0.6))
                    Peers(rule, side);
                rule["toPorts"] = Ports(
                    new JsonObject { ["port"] = "80", ["protocol"] = "TCP" },
                    new JsonObject { ["http"] = Http() }
                );
                break;
        }
    }

    /// <summary>Removes the peers of a rule: most combinations are refused.</summary>
    private void Peers(JsonObject rule, string side)
    {
        if (random.Chance(0.9))
        {
            foreach (var peer in s_peers)
                rule.Remove(side + peer);
        }
    }

    private static JsonArray Ports(JsonObject port, JsonObject? rules)
    {
        var entry = new JsonObject { ["ports"] = new JsonArray(port) };
        if (rules is not null)
            entry["rules"] = rules;
        return [entry];
    }

    private JsonObject Port(string port, string protocol, bool mayEnd = true)
    {
        var made = new JsonObject { ["port"] = port, ["protocol"] = protocol };
        if (mayEnd && random.Chance(0.5))
            made["endPort"] = random.Pick(s_ends);
        return made;
    }

    private JsonObject Name() =>
        new() { [random.Pick((string[])["matchName", "matchPattern", "matchPattern"])] = random.Pick(s_names) };

    private JsonArray Http()
    {
        var rule = new JsonObject();
        if (random.Chance(0.5))
            rule["path"] = random.Pick(random.Chance(0.05) ? s_badPaths : s_paths);
        if (random.Chance(0.4))
            rule["method"] = random.Pick((string[])["GET", "[[:upper:]]+", "P.*", "GET|HEAD"]);
        if (random.Chance(0.3))
            rule["host"] = random.Pick(s_hosts);
        if (random.Chance(0.2))
            rule["headers"] = new JsonArray(random.Pick(s_headers));
        if (random.Chance(0.2))
        {
            var match = new JsonObject { ["name"] = "X-Y" };
            if (random.Chance(0.7))
                match["value"] = "v";
            if (random.Chance(0.4))
                match["mismatch"] = random.Pick(s_mismatches);
            rule["headerMatches"] = new JsonArray(match);
        }
        return [rule];
    }
}
