using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>An endpoint as the reference sees it: labels as <c>source:key</c>, ports by name.</summary>
internal sealed record ReferencePeer(
    string Name,
    Dictionary<string, string> Labels,
    Dictionary<string, (int Port, string Protocol)> Ports,
    uint Address
)
{
    public string? Namespace => Labels.GetValueOrDefault("k8s:io.kubernetes.pod.namespace");

    public bool Is(string reserved) => Labels.ContainsKey($"reserved:{reserved}");

    public bool IsEndpoint => Namespace is not null || Is("init") || Is("health");

    /// <summary>The value of a key that may have a source prefix.</summary>
    public string? Find(string key)
    {
        if (key.StartsWith("any:", StringComparison.Ordinal))
            key = key[4..];
        return key.Contains(':', StringComparison.Ordinal)
            ? Labels.GetValueOrDefault(key)
            : Labels
                .Where(l => l.Key[(l.Key.IndexOf(':', StringComparison.Ordinal) + 1)..] == key)
                .Select(l => l.Value)
                .FirstOrDefault();
    }
}

/// <summary>What the statements about policy semantics say of one connection, worked out from the policy objects each
/// time: no compilation, no caches, nothing shared with the code under test.</summary>
internal static class ReferenceEvaluation
{
    private const string NamespaceKey = "io.kubernetes.pod.namespace";
    private const string NamespaceLabels = "io.cilium.k8s.namespace.labels.";

    /// <summary><c>allow</c>, <c>deny</c> (no rule), <c>denylist</c>, or for each HTTP request given <c>1</c> or
    /// <c>0</c> after <c>redirect</c>.</summary>
    public static string Evaluate(
        IEnumerable<JsonObject> policies,
        bool ingress,
        IEnumerable<KeyValuePair<string, (int Port, string Protocol)>> clusterPorts,
        ReferencePeer subject,
        ReferencePeer peer,
        int port,
        string protocol,
        IReadOnlyList<(string Method, string Path)> requests
    )
    {
        bool defaultDeny = false;
        bool denied = false;
        bool plain = false;
        bool redirected = false;
        Dictionary<string, bool> namesHost = [];
        List<JsonObject> http = [];
        List<JsonObject> httpWithoutDefaultDeny = [];
        Dictionary<string, (int Port, string Protocol)> names = ingress
            ? subject.Ports
            : clusterPorts
                .Distinct()
                .GroupBy(p => p.Key)
                .Where(g => g.Count() == 1)
                .ToDictionary(g => g.Key, g => g.First().Value);
        if (!subject.IsEndpoint)
            return "allow";
        foreach (JsonObject policy in policies)
        {
            bool isKubernetes = policy["kind"]!.GetValue<string>() == "NetworkPolicy";
            string? home = policy["metadata"]!["namespace"]?.GetValue<string>();
            foreach (JsonObject spec in Specs(policy))
            {
                if (!Selected(spec, isKubernetes, home, subject))
                    continue;
                defaultDeny |= DefaultDeny(spec, isKubernetes, ingress);
                foreach ((JsonObject rule, bool deny) in Rules(spec, isKubernetes, ingress))
                {
                    if (!PeerMatches(rule, isKubernetes, home, ingress, peer))
                        continue;
                    foreach ((string filter, JsonObject? l7) in PortMatches(rule, isKubernetes, names, port, protocol))
                    {
                        denied |= deny;
                        plain |= !deny && l7 is null;
                        if (l7 is null)
                            continue;
                        redirected = true;
                        namesHost[filter] = namesHost.GetValueOrDefault(filter) | NamesHost(rule);
                        bool onlyWithDefaultDeny =
                            spec["enableDefaultDeny"]?[ingress ? "ingress" : "egress"]?.GetValue<bool>() is false;
                        (onlyWithDefaultDeny ? httpWithoutDefaultDeny : http).AddRange(
                            l7["http"]!.AsArray().Select(r => r!.AsObject())
                        );
                    }
                }
            }
        }
        bool ownHost = ingress && peer.Is("host");
        if (denied)
            return "denylist";
        if (redirected)
            return Redirect(request =>
                plain
                || (ownHost && namesHost.ContainsValue(false))
                || (httpWithoutDefaultDeny.Count > 0 && !defaultDeny)
                || http.Concat(httpWithoutDefaultDeny).Any(rule => HttpMatches(rule, request.Method, request.Path))
            );
        return plain || ownHost || !defaultDeny ? "allow" : "deny";

        string Redirect(Func<(string Method, string Path), bool> allowed) =>
            "redirect " + string.Concat(requests.Select(r => allowed(r) ? '1' : '0'));
    }

    private static IEnumerable<JsonObject> Specs(JsonObject policy) =>
        policy["specs"] is JsonArray list ? list.Select(s => s!.AsObject()) : [policy["spec"]!.AsObject()];

    private static bool Selected(JsonObject spec, bool isKubernetes, string? home, ReferencePeer subject) =>
        (home is null || subject.Namespace == home)
        && LabelsMatch(spec[isKubernetes ? "podSelector" : "endpointSelector"], subject, isKubernetes ? "k8s:" : "");

    private static bool DefaultDeny(JsonObject spec, bool isKubernetes, bool ingress)
    {
        string direction = ingress ? "ingress" : "egress";
        bool hasRules = Count(spec, direction) + Count(spec, direction + "Deny") > 0;
        if (!isKubernetes)
            return hasRules && spec["enableDefaultDeny"]?[direction]?.GetValue<bool>() is not false;
        if (spec["policyTypes"] is JsonArray { Count: > 0 } types)
            return hasRules || types.Any(t => t!.GetValue<string>() == (ingress ? "Ingress" : "Egress"));
        return ingress || hasRules;
    }

    private static bool NamesHost(JsonObject rule) =>
        (rule["fromEntities"]?.AsArray() ?? []).Any(e => e!.GetValue<string>() is "host" or "cluster");

    private static int Count(JsonObject spec, string section) => spec[section]?.AsArray().Count ?? 0;

    private static IEnumerable<(JsonObject Rule, bool Deny)> Rules(JsonObject spec, bool isKubernetes, bool ingress)
    {
        string direction = ingress ? "ingress" : "egress";
        foreach (JsonNode? rule in spec[direction]?.AsArray() ?? [])
            yield return (rule!.AsObject(), false);
        foreach (JsonNode? rule in spec[direction + "Deny"]?.AsArray() ?? [])
            yield return (rule!.AsObject(), true);
    }

    private static bool PeerMatches(JsonObject rule, bool isKubernetes, string? home, bool ingress, ReferencePeer peer)
    {
        string side = ingress ? "from" : "to";
        if (isKubernetes)
        {
            JsonArray? peers = rule[side]?.AsArray();
            return peers is null
                || peers.Count == 0
                || peers.Any(p => KubernetesPeerMatches(p!.AsObject(), home!, ingress, peer));
        }
        JsonNode? endpoints = rule[side + "Endpoints"];
        JsonNode? cidr = rule[side + "CIDR"];
        JsonNode? cidrSet = rule[side + "CIDRSet"];
        JsonNode? entities = rule[side + "Entities"];
        if (endpoints is JsonArray { Count: 0 })
            return false;
        if (endpoints is null && cidr is null && cidrSet is null && entities is null)
            return rule["toPorts"] is JsonArray { Count: > 0 };
        return (endpoints?.AsArray().Any(e => CiliumPeerMatches(e!.AsObject(), home, peer)) ?? false)
            || (cidr?.AsArray().Any(c => BlockMatches(c!.GetValue<string>(), peer)) ?? false)
            || (cidrSet?.AsArray().Any(c => BlockWithExceptionsMatches(c!.AsObject(), peer)) ?? false)
            || (entities?.AsArray().Any(e => EntityMatches(e!.GetValue<string>(), peer)) ?? false);
    }

    private static bool CiliumPeerMatches(JsonObject selector, string? home, ReferencePeer peer)
    {
        List<string> keys =
        [
            .. (selector["matchLabels"]?.AsObject() ?? []).Select(l => l.Key),
            .. (selector["matchExpressions"]?.AsArray() ?? []).Select(e => e!["key"]!.GetValue<string>()),
        ];
        bool NamesKey(string key) => keys.Exists(k => k == key || k == "k8s:" + key || k == "any:" + key);
        bool NamesPrefix(string prefix) =>
            keys.Exists(k =>
                k.Replace("k8s:", "", StringComparison.Ordinal)
                    .Replace("any:", "", StringComparison.Ordinal)
                    .StartsWith(prefix, StringComparison.Ordinal)
            );
        bool namespaceMatches =
            keys.Exists(k => k.StartsWith("reserved:", StringComparison.Ordinal))
            || NamesKey(NamespaceKey)
            || (
                home is null
                    ? peer.Namespace is not null
                    : (NamesPrefix(NamespaceLabels) && peer.Namespace is not null) || peer.Namespace == home
            );
        return namespaceMatches && LabelsMatch(selector, peer, "");
    }

    private static bool KubernetesPeerMatches(JsonObject selector, string home, bool ingress, ReferencePeer peer)
    {
        if (selector["ipBlock"] is JsonObject block)
            return BlockWithExceptionsMatches(block, peer) || (ingress && peer.Namespace == home);
        if (peer.Namespace is null)
            return false;
        bool namespaceMatches = selector["namespaceSelector"] is { } namespaces
            ? LabelsMatch(namespaces, peer, "k8s:" + NamespaceLabels)
            : peer.Namespace == home;
        return namespaceMatches && LabelsMatch(selector["podSelector"], peer, "k8s:");
    }

    private static bool LabelsMatch(JsonNode? selector, ReferencePeer peer, string prefix)
    {
        foreach ((string key, JsonNode? value) in selector?["matchLabels"]?.AsObject() ?? [])
        {
            if (peer.Find(prefix + key) != value!.GetValue<string>())
                return false;
        }
        foreach (JsonNode? expression in selector?["matchExpressions"]?.AsArray() ?? [])
        {
            string? value = peer.Find(prefix + expression!["key"]!.GetValue<string>());
            bool listed =
                value is not null && (expression["values"]?.AsArray() ?? []).Any(v => v!.GetValue<string>() == value);
            bool holds = expression["operator"]!.GetValue<string>() switch
            {
                "In" => listed,
                "NotIn" => !listed,
                "Exists" => value is not null,
                _ => value is null,
            };
            if (!holds)
                return false;
        }
        return true;
    }

    private static bool BlockMatches(string block, ReferencePeer peer)
    {
        if (!peer.Is("world") || block.Contains(':', StringComparison.Ordinal))
            return false;
        string[] parts = block.Split('/');
        uint network = parts[0].Split('.').Aggregate(0u, (sum, part) => sum * 256 + uint.Parse(part));
        int length = parts.Length == 1 ? 32 : int.Parse(parts[1]);
        return length == 0 || network >> (32 - length) == peer.Address >> (32 - length);
    }

    private static bool BlockWithExceptionsMatches(JsonObject set, ReferencePeer peer) =>
        BlockMatches(set["cidr"]!.GetValue<string>(), peer)
        && !(set["except"]?.AsArray() ?? []).Any(e => BlockMatches(e!.GetValue<string>(), peer));

    private static bool EntityMatches(string entity, ReferencePeer peer) =>
        entity switch
        {
            "all" => true,
            "cluster" => peer.Namespace is not null || !peer.Is("world") || peer.Is("kube-apiserver"),
            _ => peer.Is(entity),
        };

    /// <summary>One entry for each matching port: its L7 rules, or null for a plain allow.</summary>
    private static IEnumerable<(string Filter, JsonObject? L7)> PortMatches(
        JsonObject rule,
        bool isKubernetes,
        Dictionary<string, (int Port, string Protocol)> names,
        int port,
        string protocol
    )
    {
        JsonArray? list = rule[isKubernetes ? "ports" : "toPorts"]?.AsArray();
        if (list is null || list.Count == 0)
        {
            yield return ("", null);
            yield break;
        }
        foreach (JsonNode? entry in list)
        {
            IEnumerable<JsonNode?> ports = isKubernetes ? (JsonNode?[])[entry] : entry!["ports"]!.AsArray();
            JsonObject? l7 = entry!["rules"]?["http"] is JsonArray { Count: > 0 } ? entry["rules"]!.AsObject() : null;
            foreach (JsonNode? one in ports)
            {
                if (PortMatchesOne(one!.AsObject(), isKubernetes, names, port, protocol))
                    yield return ($"{one["port"]}-{one["endPort"]}", l7);
            }
        }
    }

    private static bool PortMatchesOne(
        JsonObject entry,
        bool isKubernetes,
        Dictionary<string, (int Port, string Protocol)> names,
        int port,
        string protocol
    )
    {
        string wanted = entry["protocol"]?.GetValue<string>() ?? (isKubernetes ? "TCP" : "ANY");
        if (wanted is not ("ANY" or "") && wanted != protocol)
            return false;
        if (entry["port"] is not JsonValue value)
            return true;
        string text = value.ToString();
        if (int.TryParse(text, out int first))
            return port >= first && port <= (entry["endPort"]?.GetValue<int>() ?? first);
        return names.TryGetValue(text, out (int Port, string Protocol) named) && named == (port, protocol);
    }

    private static bool HttpMatches(JsonObject rule, string method, string path) =>
        Whole(rule["method"], method) && Whole(rule["path"], path);

    private static bool Whole(JsonNode? pattern, string text) =>
        pattern is null
        || Regex.Match(text, $"^(?:{pattern.GetValue<string>()})$", RegexOptions.None, TimeSpan.FromSeconds(5))
            is { Success: true } m
            && m.Length == text.Length;
}
