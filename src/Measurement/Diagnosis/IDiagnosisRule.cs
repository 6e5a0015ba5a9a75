using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>A mechanism that can be recognised.</summary>
public interface IDiagnosisRule
{
    /// <summary>The diagnosis, or null when the evidence does not show this mechanism.</summary>
    DiagnosisResult? Examine(Evidence evidence);
}
