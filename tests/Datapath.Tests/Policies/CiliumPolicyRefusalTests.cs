using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

public class CiliumPolicyRefusalTests
{
    [Theory]
    [InlineData("  ingress: [{fromEndpoint: []}]", "spec.ingress[0].fromEndpoint", "unknown field")]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', proto: TCP}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].proto",
        "unknown field"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{paht: /}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].paht",
        "unknown field"
    )]
    [InlineData(
        "  ingressDeny: [{toPorts: [{ports: [{port: '80'}], rules: {}}]}]",
        "spec.ingressDeny[0].toPorts[0].rules",
        "unknown field"
    )]
    [InlineData("  egress: [{fromEndpoints: []}]", "spec.egress[0].fromEndpoints", "unknown field")]
    [InlineData("  egress: [{toFQDNs: [{matchName: example.org}]}]", "spec.egress[0].toFQDNs", "not enforced")]
    [InlineData("  egress: [{toServices: []}]", "spec.egress[0].toServices", "not enforced")]
    [InlineData("  egress: [{toGroups: []}]", "spec.egress[0].toGroups", "not enforced")]
    [InlineData("  egress: [{toNodes: []}]", "spec.egress[0].toNodes", "not enforced")]
    [InlineData("  egress: [{toRequires: []}]", "spec.egress[0].toRequires", "not enforced")]
    [InlineData("  ingress: [{icmps: []}]", "spec.ingress[0].icmps", "not enforced")]
    [InlineData("  ingress: [{authentication: {mode: required}}]", "spec.ingress[0].authentication", "not enforced")]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '80'}], terminatingTLS: {}}]}]",
        "spec.egress[0].toPorts[0].terminatingTLS",
        "not enforced"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '80'}], originatingTLS: {}}]}]",
        "spec.egress[0].toPorts[0].originatingTLS",
        "not enforced"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '80'}], serverNames: []}]}]",
        "spec.egress[0].toPorts[0].serverNames",
        "not enforced"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '80'}], listener: {}}]}]",
        "spec.egress[0].toPorts[0].listener",
        "not enforced"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '80'}], rules: {kafka: []}}]}]",
        "spec.egress[0].toPorts[0].rules.kafka",
        "not enforced"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '80'}], rules: {l7proto: x}}]}]",
        "spec.egress[0].toPorts[0].rules.l7proto",
        "not enforced"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '53'}], rules: {dns: [{matchName: a.b}]}}]}]",
        "spec.egress[0].toPorts[0].rules.dns",
        "not enforced"
    )]
    [InlineData(
        "  egress: [{toCIDRSet: [{cidrGroupRef: x, cidr: 10.0.0.0/8}]}]",
        "spec.egress[0].toCIDRSet[0].cidrGroupRef",
        "not enforced"
    )]
    [InlineData("  nodeSelector: {}", "spec.nodeSelector", "not enforced")]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '8', protocol: ICMP}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].protocol",
        "not enforced"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], "
            + "rules: {http: [{headerMatches: [{name: a, mismatch: LOG}]}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].headerMatches[0].mismatch",
        "not enforced"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '0'}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].port",
        "port 0"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '65536'}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].port",
        "1 to 65535"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '-1'}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].port",
        "1 to 65535"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: ''}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].port",
        "1 to 65535"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', endPort: 79}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].endPort",
        "below its start 80"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', endPort: 70000}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].endPort",
        "1 to 65535"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: web, endPort: 81}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].endPort",
        "not a name"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: tcp}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].protocol",
        "upper case"
    )]
    [InlineData("  ingress: [{toPorts: [{ports: []}]}]", "spec.ingress[0].toPorts[0]", "at least one port")]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: UDP}], rules: {http: []}}]}]",
        "spec.ingress[0].toPorts[0].ports[0]",
        "TCP only"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80'}], rules: {http: []}}]}]",
        "spec.ingress[0].toPorts[0].ports[0]",
        "TCP only"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '53', protocol: TCP}], "
            + "rules: {http: [], dns: [{matchPattern: '*'}]}}]}]",
        "spec.egress[0].toPorts[0].rules",
        "one type"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '53', protocol: TCP}], rules: {http: []}}]}, "
            + "{toPorts: [{ports: [{port: '53'}], rules: {dns: []}}]}]",
        "spec.egress[0].toPorts[0].ports[0]",
        "one type"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '53'}], rules: {dns: []}}]}]",
        "spec.ingress[0].toPorts[0].rules.dns",
        "not allowed on ingress"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '54'}], rules: {dns: []}}]}]",
        "spec.egress[0].toPorts[0].ports[0]",
        "port 53 only"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{path: '/('}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].path",
        "regular expression"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{path: 'a)|(b'}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].path",
        "regular expression"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{method: '(?!GET).*'}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].method",
        "backtracking"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{host: '(a)\\1'}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].host",
        "backtracking"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], "
            + "rules: {http: [{path: '((a{1000}){1000}){1000}'}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].path",
        "regular expression"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{headers: ['X-Y:v']}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].headers[0]",
        "Name: value"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{}], fromEntities: [all]}]",
        "spec.ingress[0]",
        "does not combine fromEndpoints and fromEntities"
    )]
    [InlineData("  ingress: [{fromEntities: [everyone]}]", "spec.ingress[0].fromEntities[0]", "the entities are")]
    [InlineData("  ingress: [{fromCIDR: [10.0.0.0/33]}]", "spec.ingress[0].fromCIDR[0]", "address block")]
    [InlineData("  ingress: [{fromCIDR: [10.0.0]}]", "spec.ingress[0].fromCIDR[0]", "address block")]
    [InlineData("  ingress: [{fromCIDR: [010.0.0.1]}]", "spec.ingress[0].fromCIDR[0]", "address block")]
    [InlineData("  ingress: [{fromCIDR: ['fe80::1%eth0']}]", "spec.ingress[0].fromCIDR[0]", "address block")]
    [InlineData(
        "  ingress: [{fromCIDRSet: [{cidr: 10.0.0.1}]}]",
        "spec.ingress[0].fromCIDRSet[0].cidr",
        "address block"
    )]
    [InlineData(
        "  ingress: [{fromCIDRSet: [{except: [10.0.0.0/8]}]}]",
        "spec.ingress[0].fromCIDRSet[0]",
        "'cidr' is missing"
    )]
    [InlineData(
        "  ingress: [{fromCIDRSet: [{cidr: 10.0.0.0/8, except: [11.0.0.0/16]}]}]",
        "spec.ingress[0].fromCIDRSet[0].except[0]",
        "not inside 10.0.0.0/8"
    )]
    [InlineData(
        "  ingress: [{fromCIDRSet: [{cidr: 10.0.0.0/8, except: ['fd00::/16']}]}]",
        "spec.ingress[0].fromCIDRSet[0].except[0]",
        "not inside"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchLabels: {'-app': x}}]}]",
        "spec.ingress[0].fromEndpoints[0].matchLabels.-app",
        "label key"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchLabels: {app: 'a b'}}]}]",
        "spec.ingress[0].fromEndpoints[0].matchLabels.app",
        "label value"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchLabels: {version: 1.0}}]}]",
        "spec.ingress[0].fromEndpoints[0].matchLabels.version",
        "quote it"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchLabels: {on: yes}}]}]",
        "spec.ingress[0].fromEndpoints[0].matchLabels.on",
        "quote it"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchLabels: {'cidr:app': x}}]}]",
        "spec.ingress[0].fromEndpoints[0].matchLabels.cidr:app",
        "label source"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchLabels: {'reserved:all': ''}}]}]",
        "spec.ingress[0].fromEndpoints[0].matchLabels.reserved:all",
        "reserved labels are"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchExpressions: [{key: a, operator: In}]}]}]",
        "spec.ingress[0].fromEndpoints[0].matchExpressions[0]",
        "needs at least one"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchExpressions: [{key: a, operator: Exists, values: [x]}]}]}]",
        "spec.ingress[0].fromEndpoints[0].matchExpressions[0]",
        "takes no"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchExpressions: [{key: a, operator: Gt, values: ['1']}]}]}]",
        "spec.ingress[0].fromEndpoints[0].matchExpressions[0].operator",
        "operator must be"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchExpressions: [{operator: Exists}]}]}]",
        "spec.ingress[0].fromEndpoints[0].matchExpressions[0]",
        "needs 'key'"
    )]
    [InlineData("  enableDefaultDeny: {ingress: 'true'}", "spec.enableDefaultDeny.ingress", "must be a boolean")]
    [InlineData("  enableDefaultDeny: {in: true}", "spec.enableDefaultDeny.in", "unknown field")]
    [InlineData("  ingress:", "spec.ingress", "no value")]
    [InlineData("  ingress: {}", "spec.ingress", "must be a list")]
    [InlineData("  ingress: [null]", "spec.ingress[0]", "must be a map")]
    [InlineData("  description: [a]", "spec.description", "must be a text")]
    public void A_cilium_policy_is_refused_for(string rules, string field, string message)
    {
        PolicyProblem problem = PolicyProblems.SingleOf(PolicyLab.Backends(rules));
        problem.Field.ShouldBe(field);
        problem.Message.ShouldContain(message);
        problem.Policy.ShouldBe("backend/policy");
        problem.Line.ShouldBe(6);
    }
}
