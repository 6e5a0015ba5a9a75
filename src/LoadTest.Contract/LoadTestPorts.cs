namespace CiliumDebugging.LoadTest.Contract;

/// <summary>Ports of a load-test Pod.</summary>
public static class LoadTestPorts
{
    /// <summary>Port of the control interface, which only the API server's pod proxy reaches: it is not a container
    /// port.</summary>
    public const int Control = 8081;
}
