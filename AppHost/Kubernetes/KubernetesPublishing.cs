using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.AppHost.Kubernetes;

/// <summary>
/// Publishing to Kubernetes, as far as every build has it. The folder Kubernetes has the rest. It needs the package
/// Aspire.Hosting.Kubernetes and is compiled where the property PublishToKubernetes is true, into folders of its own
/// (Directory.Build.props). A build without it makes that build when it is to publish, and runs it in its own place, so
/// that <c>aspire publish</c> works wherever the NuGet sources carry the package.
///</summary>
internal static partial class KubernetesPublishing
{
    private const int SignalExitCode = 128;

    /// <summary>Whether the application is to be published and this build cannot.</summary>
    public static bool NeedsRebuild(IDistributedApplicationBuilder builder)
    {
        var isCompiled = false;
        SetIfCompiled(ref isCompiled);
        return builder.ExecutionContext.IsPublishMode && !isCompiled;
    }

    /// <summary>Makes the build that publishes and runs it: same arguments, environment and streams.</summary>
    /// <param name="projectDirectory">Folder of AppHost's project.</param>
    /// <param name="args">The arguments of this process.</param>
    /// <returns>
    /// Its exit code; 1 when it cannot be built, with NuGet's or the compiler's reason in a line on the console.
    ///</returns>
    public static async Task<int> RebuildAndRunAsync(string projectDirectory, string[] args)
    {
        using var children = new SignalledChildren();
        var configuration = typeof(KubernetesPublishing)
            .Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()
            ?.Configuration
            ?? "Debug";
        var build = new ProcessStartInfo(
            DotnetProcess.DotnetHost(),
            [
                "build",
                projectDirectory,
                "-c",
                configuration,
                "-p:PublishToKubernetes=true",
                "-t:Build",
                "-getProperty:TargetPath",
            ]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var (code, path, errors) = await children.RunAsync(build);
        if (children.Signal is { } signal)
            return SignalExitCode + signal;
        if (code != 0)
        {
            var lines = errors.Split('\n').Concat(path.Split('\n'));
            var reason = lines.FirstOrDefault(l => l.Contains(": error ", StringComparison.Ordinal))
                ?? $"dotnet build ended with exit code {code}";
            await Console.Error.WriteLineAsync(
                $"cannot publish: {reason[(reason.IndexOf(": error ", StringComparison.Ordinal) + 1)..].Trim()}"
            );
            return (int)ExitCode.Failed;
        }
        return (
            await children.RunAsync(new ProcessStartInfo(DotnetProcess.DotnetHost(), [path.Trim(), .. args]))
        ).ExitCode;
    }

    /// <summary>Adds the Helm chart that publishing makes. Nothing while the lab runs.</summary>
    public static void AddKubernetesChart(this IDistributedApplicationBuilder builder, ClusterTopology topology) =>
        AddChart(builder, topology);

    /// <summary>Makes a Deployment of a project in the chart, with its Service, namespace and policy.</summary>
    public static IResourceBuilder<ProjectResource> PublishAsDeployment(
        this IResourceBuilder<ProjectResource> project,
        WorkloadSpec workload,
        ServiceSpec? service
    )
    {
        AddDeployment(project, workload, service);
        return project;
    }

    static partial void SetIfCompiled(ref bool isCompiled);

    static partial void AddChart(IDistributedApplicationBuilder builder, ClusterTopology topology);

    static partial void AddDeployment(
        IResourceBuilder<ProjectResource> project,
        WorkloadSpec workload,
        ServiceSpec? service
    );

    /// <summary>Runs one child after the other; the signals that would end this process go to the child.</summary>
    private sealed class SignalledChildren : IDisposable
    {
        private static readonly Dictionary<PosixSignal, int> s_signals = new()
        {
            [PosixSignal.SIGHUP] = 1,
            [PosixSignal.SIGINT] = 2,
            [PosixSignal.SIGTERM] = 15,
        };

        private readonly List<PosixSignalRegistration> _registrations;
        private volatile Process? _child;

        public SignalledChildren() =>
            _registrations = [.. s_signals.Keys.Select(s => PosixSignalRegistration.Create(s, Forward))];

        /// <summary>Number of the signal that came; null: none.</summary>
        public int? Signal { get; private set; }

        public async Task<(int ExitCode, string Output, string Errors)> RunAsync(ProcessStartInfo start)
        {
            using var child = Process.Start(start)!;
            _child = child;
            if (Signal is { } earlier && !OperatingSystem.IsWindows())
                DotnetProcess.Kill(child.Id, earlier);
            var output = start.RedirectStandardOutput ? child.StandardOutput.ReadToEndAsync() : Task.FromResult("");
            var errors = start.RedirectStandardError ? child.StandardError.ReadToEndAsync() : Task.FromResult("");
            await child.WaitForExitAsync();
            _child = null;
            return (child.ExitCode, await output, await errors);
        }

        private void Forward(PosixSignalContext context)
        {
            context.Cancel = true;
            Signal = s_signals[context.Signal];
            if (_child is { } child && !OperatingSystem.IsWindows())
                DotnetProcess.Kill(child.Id, s_signals[context.Signal]);
        }

        public void Dispose() => _registrations.ForEach(r => r.Dispose());
    }
}
