using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Lab.Tests.Running.Existing;

/// <summary>Nobody looks.</summary>
internal sealed class NoListener : IRunListener
{
    public void OnStep(string what) { }

    public void OnSample(LiveSample sample) { }

    public void OnReport(RunReport report) { }
}
