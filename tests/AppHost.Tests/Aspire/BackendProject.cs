using Aspire.Hosting;

namespace CiliumDebugging.AppHost.Tests.Aspire;

/// <summary>Stands for the class Aspire generates from AppHost's reference to Backend.</summary>
internal sealed class BackendProject : IProjectMetadata
{
    public string ProjectPath => Path.Combine(ProjectCopy.Repository(), "Backend", "Backend.csproj");
}
