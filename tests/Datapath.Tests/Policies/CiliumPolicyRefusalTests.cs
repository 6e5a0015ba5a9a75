using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Releases;
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
    [InlineData("  egressDeny: [{toFQDNs: []}]", "spec.egressDeny[0].toFQDNs", "unknown field")]
    [InlineData("  ingress: [{fromServices: []}]", "spec.ingress[0].fromServices", "unknown field")]
    [InlineData("  egress: [{toGroups: [{}]}]", "spec.egress[0].toGroups", "not enforced")]
    [InlineData("  egress: [{toNodes: [{}]}]", "spec.egress[0].toNodes", "not enforced")]
    [InlineData(
        "  ingress: [{authentication: {mode: required}}]",
        "spec.ingress[0].authentication.mode",
        "not enforced"
    )]
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
        "  egress: [{toPorts: [{ports: [{port: '80'}], serverNames: [a]}]}]",
        "spec.egress[0].toPorts[0].serverNames",
        "not enforced"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '80'}], listener: {}}]}]",
        "spec.egress[0].toPorts[0].listener",
        "not enforced"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '80'}], rules: {kafka: [{topic: a}]}}]}]",
        "spec.egress[0].toPorts[0].rules.kafka",
        "not enforced"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '80'}], rules: {l7proto: x}}]}]",
        "spec.egress[0].toPorts[0].rules.l7proto",
        "not enforced"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '8', protocol: ICMP}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].protocol",
        "VRRP"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '65536'}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].port",
        "0 to 65535"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '-1'}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].port",
        "0 to 65535"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: ''}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].port",
        "0 to 65535"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', endPort: 70000}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].endPort",
        "0 to 65535"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: tcp}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].protocol",
        "upper case"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '53', protocol: TCP}], "
            + "rules: {http: [], dns: [{matchPattern: '*'}]}}]}]",
        "spec.egress[0].toPorts[0].rules",
        "one type"
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
        "invalid or unsupported Perl syntax: `(?!`"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{host: '(a)\\1'}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].host",
        "invalid escape sequence"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], "
            + "rules: {http: [{path: '((a{1000}){1000}){1000}'}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].path",
        "regular expression"
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
        "  ingress: [{fromEndpoints: [{matchLabels: {'app-': x}}]}]",
        "spec.ingress[0].fromEndpoints[0].matchLabels.app-",
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
    [InlineData(
        "  enableDefaultDeny: {ingress: 'true'}\n  ingress: [{}]",
        "spec.enableDefaultDeny.ingress",
        "must be a boolean"
    )]
    [InlineData("  enableDefaultDeny: {in: true}\n  ingress: [{}]", "spec.enableDefaultDeny.in", "unknown field")]
    [InlineData("  ingress:", "spec.ingress", "no value")]
    [InlineData("  ingress: {}", "spec.ingress", "must be a list")]
    [InlineData("  ingress: [null]", "spec.ingress[0]", "must be a map")]
    [InlineData("  description: [a]\n  ingress: [{}]", "spec.description", "must be a text")]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80'}], rules: {}}]}]",
        "spec.ingress[0].toPorts[0].rules",
        "needs http or dns"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: UDP}], rules: {http: [{}]}}]}]",
        "spec.ingress[0].toPorts[0].ports[0]",
        "TCP only"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80'}], rules: {http: [{}]}}]}]",
        "spec.ingress[0].toPorts[0].ports[0]",
        "TCP only"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '0', protocol: TCP}], rules: {http: [{}]}}]}]",
        "spec.ingress[0].toPorts[0].ports[0]",
        "need a port"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: ''}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].protocol",
        "upper case"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: averyveryverylongname}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].port",
        "up to 15"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '08'}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].port",
        "octal"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '53'}], rules: {dns: [{matchPattern: '*'}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.dns",
        "not allowed on ingress"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '53', endPort: 54}], rules: {dns: [{matchPattern: '*'}]}}]}]",
        "spec.egress[0].toPorts[0].ports[0]",
        "range"
    )]
    [InlineData(
        "  egress: [{toPorts: [{rules: {dns: [{matchPattern: '*'}]}}]}]",
        "spec.egress[0].toPorts[0]",
        "need a port"
    )]
    [InlineData("  egress: [{toFQDNs: [{matchName: '*.a'}]}]", "spec.egress[0].toFQDNs[0].matchName", "DNS name")]
    [InlineData("  egress: [{toFQDNs: [{}]}]", "spec.egress[0].toFQDNs[0]", "is needed")]
    [InlineData(
        "  egress: [{toFQDNs: [{matchName: a}], toEndpoints: [{}]}]",
        "spec.egress[0]",
        "does not combine toEndpoints and toFQDNs"
    )]
    [InlineData("  ingress: [{fromRequires: [{}]}]", "spec.ingress[0].fromRequires", "no longer takes it")]
    [InlineData(
        "  ingress: [{icmps: [{fields: [{type: 8}]}], toPorts: [{ports: [{port: '80'}]}]}]",
        "spec.ingress[0]",
        "rules of their own"
    )]
    [InlineData("  ingress: [{icmps: [{fields: [{family: IPv4}]}]}]", "spec.ingress[0].icmps[0].fields[0]", "'type'")]
    [InlineData(
        "  ingress: [{icmps: [{fields: [{type: 8, family: v4}]}]}]",
        "spec.ingress[0].icmps[0].fields[0].family",
        "IPv4 or IPv6"
    )]
    [InlineData(
        "  ingress: [{icmps: [{fields: [{type: PacketTooBig}]}]}]",
        "spec.ingress[0].icmps[0].fields[0].type",
        "EchoRequest"
    )]
    [InlineData(
        "  ingress: [{icmps: [{fields: [{type: '256'}]}]}]",
        "spec.ingress[0].icmps[0].fields[0].type",
        "0 to 255"
    )]
    [InlineData(
        "  egress: [{toServices: [{k8sServiceSelector: {namespace: a}}]}]",
        "spec.egress[0].toServices[0].k8sServiceSelector",
        "'selector'"
    )]
    [InlineData(
        "  egress: [{toServices: [{k8sService: {serviceName: a}}], toEntities: [world]}]",
        "spec.egress[0]",
        "does not combine toEntities and toServices"
    )]
    [InlineData(
        "  egress: [{toCIDRSet: [{cidrGroupRef: x, except: [1.2.3.4]}]}]",
        "spec.egress[0].toCIDRSet[0].except[0]",
        "address block"
    )]
    [InlineData(
        "  egress: [{toCIDRSet: [{cidrGroupRef: x, cidr: 10.0.0.0/8}]}]",
        "spec.egress[0].toCIDRSet[0]",
        "not several"
    )]
    [InlineData("  ingress: [{fromCIDR: [192.0.2.1]}]", "spec.ingress[0].fromCIDR[0]", "address block")]
    [InlineData("  ingress: [{fromEntities: [world-ipv4]}]", "spec.ingress[0].fromEntities[0]", "the entities are")]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], "
            + "rules: {http: [{headerMatches: [{name: a, mismatch: add}]}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].headerMatches[0].mismatch",
        "ADD, DELETE or REPLACE"
    )]
    public void A_cilium_policy_is_refused_for(string rules, string field, string message)
    {
        PolicyProblem problem = PolicyProblems.SingleOf(PolicyLab.Backends(rules));
        problem.Field.ShouldBe(field);
        problem.Message.ShouldContain(message);
        problem.Policy.ShouldBe("backend/policy");
        problem.Line.ShouldBe(6);
    }

    [Theory]
    [InlineData("  description: x", "is needed")]
    [InlineData("  ingress: []", "needs an entry")]
    [InlineData("  ingress: []\n  egressDeny: []", "needs an entry")]
    [InlineData("  ingress: [{}]\n  nodeSelector: {}", "not both")]
    public void A_spec_is_refused_for_one_reason(string rules, string message)
    {
        PolicyProblem problem = PolicyProblems.SingleOf(PolicyLab.Backends(rules));
        problem.Field.ShouldBe("spec");
        problem.Message.ShouldContain(message);
    }

    [Theory]
    [InlineData("  nodeSelector: {}\n  ingress: [{}]", "only a CiliumClusterwideNetworkPolicy selects nodes")]
    [InlineData("  ingress: [{}]", "'endpointSelector' is missing")]
    public void The_subject_is_refused_for_one_reason(string rules, string message) =>
        PolicyProblems
            .SingleOf(
                PolicyLab
                    .Backends(rules)
                    .Replace("  endpointSelector: {matchLabels: {app: backend}}\n", "", StringComparison.Ordinal)
            )
            .Message.ShouldContain(message);
}
