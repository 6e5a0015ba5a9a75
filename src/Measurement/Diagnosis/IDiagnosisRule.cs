using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>A mechanism that can be recognised.</summary>
public interface IDiagnosisRule
{
    DiagnosisResult? Examine(Evidence evidence);
}
