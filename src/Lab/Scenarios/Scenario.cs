using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Lab.Scenarios;

/// <summary>A scenario: a short description beside the plain Kubernetes YAML it applies.</summary>
/// <param name="Name">Name: that of its folder.</param>
/// <param name="Title">One line.</param>
/// <param name="Source">Where the bug is described.</param>
/// <param name="Settings">Data of kube-system/cilium-config.</param>
/// <param name="Load">The load.</param>
/// <param name="Steps">The steps.</param>
/// <param name="Expect">What the phases are expected to show.</param>
public sealed record Scenario(
    string Name,
    string Title,
    string Source,
    ImmutableSortedDictionary<string, string> Settings,
    LoadSpec Load,
    ImmutableArray<ScenarioStep> Steps,
    ImmutableArray<PhaseExpectation> Expect
)
{
    /// <summary>Placement of its Pods.</summary>
    public ScenarioTopology Topology { get; init; } = ScenarioTopology.Default;

    /// <summary>Its row in the catalogue's table; fields that the file leaves out are empty.</summary>
    public ScenarioSynopsis Synopsis { get; init; } = new("", "", "", "prediction");

    /// <summary>The releases of Cilium for which a source reports or confirms what the scenario shows.</summary>
    public ImmutableArray<ReleaseRange> Reported { get; init; } = [];

    /// <summary>On what rests that a release behaves as the model says.</summary>
    /// <param name="release">The release; null: a cluster without Cilium.</param>
    public ReleaseEvidence EvidenceFor(CiliumVersion? release) =>
        Reported.Any(r => r == ReleaseRange.All || (release is { } known && r.Contains(known)))
            ? ReleaseEvidence.Reported
            : ReleaseEvidence.Predicted;

    /// <summary>The policy files that its steps apply or delete, each once.</summary>
    public IReadOnlyList<(string File, ImmutableArray<PolicyManifest> Policies)> PolicyFiles() =>
        [
            .. Steps
                .Select(step =>
                    step switch
                    {
                        ApplyStep apply => (apply.File, apply.Policies),
                        DeleteStep delete => (delete.File, delete.Policies),
                        _ => (File: "", Policies: ImmutableArray<PolicyManifest>.Empty),
                    }
                )
                .Where(f => !f.Policies.IsEmpty)
                .DistinctBy(f => f.File),
        ];

    /// <summary>All policies that its steps apply or delete.</summary>
    public IEnumerable<PolicyManifest> Policies() => PolicyFiles().SelectMany(f => f.Policies);

    /// <summary>Whether the operator makes the changes.</summary>
    public bool IsManual { get; private init; }

    /// <summary>
    /// This scenario's load and its steps before the first phase, then one phase that lasts until it is ended, with
    /// manual changes.
    /// </summary>
    public Scenario Manual() =>
        this with
        {
            Title = $"Manual: {Title}",
            IsManual = true,
            Steps =
            [
                .. Steps.TakeWhile(step => step is not PhaseStep),
                new PhaseStep("manual", Timeout.InfiniteTimeSpan),
            ],
            Expect = [],
        };

    /// <summary>This scenario with other durations and another rate. A null leaves what the scenario says.</summary>
    public Scenario With(double? ratePerSecond, TimeSpan? baseline, TimeSpan? observe) =>
        this with
        {
            Load = ratePerSecond is { } rate ? Load with { RatePerSecond = rate } : Load,
            Steps =
            [
                .. Steps.Select(step =>
                    step switch
                    {
                        PhaseStep { Name: "baseline" } phase when baseline is { } duration => phase with
                        {
                            Duration = duration,
                        },
                        PhaseStep { Name: "observe" } phase when observe is { } duration => phase with
                        {
                            Duration = duration,
                        },
                        _ => step,
                    }
                ),
            ],
        };
}
