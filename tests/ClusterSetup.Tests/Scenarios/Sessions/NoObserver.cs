using CiliumDebugging.ClusterSetup.Scenarios;
using CiliumDebugging.LoadTest.Report;

namespace CiliumDebugging.ClusterSetup.Tests.Scenarios.Sessions;

/// <summary>Nobody looks.</summary>
internal sealed class NoObserver : IRunObserver
{
    public void OnStep(string what)
    {
    }

    public void OnSample(LiveSample sample)
    {
    }

    public void OnReport(RunReport report)
    {
    }
}
