using System.Collections.Immutable;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Simulation;

namespace CiliumDebugging.Lab.Tests.Simulation;

public sealed class SimulatedPoliciesTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    /// <summary>Before 1.19 <c>enableDefaultDeny</c> needs no rules in its direction.</summary>
    [Theory]
    [InlineData("1.18.0", false)]
    [InlineData("1.19.0", true)]
    public void Policies_mean_what_they_mean_in_the_release(string release, bool reached)
    {
        var result = Run(release, "{ingress: true}\n  egress: [{}]");
        result.Outcomes.GetValueOrDefault(SimulatedOutcome.Ok).ShouldBe(reached ? result.Outcomes.Values.Sum() : 0);
    }

    [Theory]
    [InlineData("toServices: [{k8sService: {serviceName: backend-1, namespace: backend}}]", "1.17.0", true)]
    [InlineData("toServices: [{k8sService: {serviceName: backend-1, namespace: backend}}]", "1.16.0", false)]
    [InlineData("toServices: [{k8sService: {serviceName: backend-1}}]", "1.19.4", true)]
    [InlineData("toServices: [{k8sService: {serviceName: backend-2}}]", "1.19.4", false)]
    public void A_rule_that_names_the_service_selects_its_pods(string rule, string release, bool reached)
    {
        var result = Run(release, $"{{}}\n  egress: [{{{rule}}}]", "load-test");
        result.Outcomes.GetValueOrDefault(SimulatedOutcome.Ok).ShouldBe(reached ? result.Outcomes.Values.Sum() : 0);
    }

    /// <summary>What a policy means beside its text is printed, as it is in the release.</summary>
    [Theory]
    [InlineData("1.19.4", "a bug of Cilium's")]
    [InlineData("1.19.5", null)]
    [InlineData("1.9.0", null)]
    public void A_network_policy_with_an_ip_block_has_a_note_where_cilium_does_more(string release, string? note)
    {
        var result = RunPolicy(
            release,
            """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: policy, namespace: backend}
            spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}]}
            """
        );
        using var text = new StringWriter();
        SimulationText.Write(result, text);
        result.Notes.Length.ShouldBe(note is null ? 0 : 1);
        text.ToString().Contains("\nnote: ", StringComparison.Ordinal).ShouldBe(note is not null);
        text.ToString().ShouldContain(note ?? "");
    }

    [Fact]
    public void That_names_select_no_pod_of_the_lab_is_a_note()
    {
        var result = Run("1.18.0", "{}\n  egress: [{toFQDNs: [{matchName: example.com}]}]", "load-test");
        result.Notes.ShouldHaveSingleItem().ShouldContain("spec.egress[0].toFQDNs");
        result.Outcomes.Keys.ShouldBe([SimulatedOutcome.Dropped]);
    }

    private SimulationResult Run(string release, string spec, string policyNamespace = "backend") =>
        RunPolicy(
            release,
            $$$"""
            apiVersion: cilium.io/v2
            kind: CiliumNetworkPolicy
            metadata: {name: policy, namespace: {{{policyNamespace}}}}
            spec:
              endpointSelector: {}
              enableDefaultDeny: {{{spec}}}
            """
        );

    private SimulationResult RunPolicy(string release, string policy)
    {
        File.WriteAllText(_file, policy);
        var (policies, problems) = PolicyManifest.ReadFile(_file);
        problems.ShouldBeEmpty();
        var scenario = ScenarioCatalog.Load("stale-conntrack") with
        {
            Steps = [new ApplyStep("policy.yaml", policies), new PhaseStep("load", TimeSpan.FromSeconds(1))],
            Expect = [],
        };
        return Simulator.Run(
            scenario,
            new SimulationOptions
            {
                SamplesPerPhase = 1,
                RatePerSecond = 100,
                Settings = ImmutableSortedDictionary<string, string>.Empty.Add("sandbox-cilium-version", release),
            }
        );
    }

    public void Dispose() => File.Delete(_file);
}
