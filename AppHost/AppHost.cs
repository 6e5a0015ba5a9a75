using CiliumDebugging.AppHost;
using CiliumDebugging.AppHost.CommandLine;
using CiliumDebugging.AppHost.Kubernetes;
using CiliumDebugging.AppHost.Resources;
using CiliumDebugging.ServiceDefaults.Processes;

LastingConsole.Install();
var arguments = AppHostArguments.Parse(args);
if (arguments.Options is not { } options)
    return (int)arguments.ExitCode;

if (MachineCheck.Run() is { } missing)
    return (int)missing;

var builder = Application.CreateBuilder(arguments.HostArguments);
if (KubernetesPublishing.NeedsRebuild(builder))
    return await KubernetesPublishing.RebuildAndRunAsync(builder.AppHostDirectory, args);

builder.AddKubernetesChart(options.Topology);
var cluster = builder.AddCluster<Projects.ClusterSetup>("cluster", options);
var backends = builder.AddDeployment<Projects.Backend>("backend-1", options.Topology, cluster);
var loadTest = builder.AddDeployment<Projects.LoadTest>("load-test-1", options.Topology, cluster);
builder.AddDistribution("distribution", options, cluster, backends, loadTest);

return await LastingConsole.EndAsync(await builder.Build().RunToEndAsync());
