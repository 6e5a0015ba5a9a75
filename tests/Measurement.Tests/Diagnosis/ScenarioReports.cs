using System.Collections.Immutable;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Measurement.Tests.Diagnosis;

/// <summary>
/// Reports of every scenario: the counts are those of <see cref="SampleRun"/>; names, policies and settings are the
/// scenario's, and the diagnosis is that of a simulated run of its mechanism.
/// </summary>
internal static class ScenarioReports
{
    private static readonly Lazy<ImmutableArray<DiagnosisResult>> s_diagnoses = new(() =>
        [.. SyntheticRuns.All(5).Select(run => Diagnostician.Diagnose(run.Evidence)).DistinctBy(d => d.Sentence)]
    );

    /// <summary>Every diagnosis of the simulated runs.</summary>
    public static ImmutableArray<DiagnosisResult> Diagnoses => s_diagnoses.Value;

    /// <summary>A report of a scenario.</summary>
    public static RunReport Of(Scenario scenario) =>
        Of(scenario, Diagnoses.FirstOrDefault(d => d.Name == scenario.Name) ?? Diagnoses.First(d => d.Name == "even"));

    /// <summary>The same with another diagnosis.</summary>
    public static RunReport Of(Scenario scenario, DiagnosisResult diagnosis)
    {
        var sample = SampleRun.Create(scenario.Title);
        return sample with
        {
            Scenario = scenario.Name,
            Source = scenario.Source,
            Diagnosis = diagnosis,
            Phases = [.. sample.Phases[..^1], sample.Phases[^1] with { Diagnosis = diagnosis }],
            Settings = sample.Settings.SetItems(scenario.Settings),
            Details = sample.Details with
            {
                Steps = [.. scenario.Steps.Select(s => s.Describe())],
                Policies = [.. scenario.PolicyFiles().Select(f => new PolicyFile(f.File, f.Policies[0].FileText))],
            },
        };
    }
}
