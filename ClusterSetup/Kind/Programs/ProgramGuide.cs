namespace CiliumDebugging.ClusterSetup.Kind.Programs;

/// <summary>How to get the programs that the lab runs.</summary>
internal static class ProgramGuide
{
    public static string HowToGet(string program) =>
        program switch
        {
            "docker" or "podman" => "docker: docs.docker.com/engine/install, podman: your distribution's package",
            "kind" => "kind.sigs.k8s.io/docs/user/quick-start/#installation, or your distribution's package",
            "helm" => "helm.sh/docs/intro/install",
            "kubectl" => "kubernetes.io/docs/tasks/tools",
            "dotnet" => "the .NET 10 SDK: dot.net",
            _ => "your distribution's package",
        };
}
