using CiliumDebugging.AppHost;
using CiliumDebugging.AppHost.CommandLine;
using CiliumDebugging.AppHost.Kubernetes;
using CiliumDebugging.AppHost.Resources;
using CiliumDebugging.ClusterModel;

var command = LabCommandLine.Parse(args);
if (command.Exit is { } exit)
    return exit;

var builder = LabApplication.CreateBuilder(command);
if (KubernetesPublishing.NeedsRebuild(builder))
    return await KubernetesPublishing.RebuildAndRunAsync(builder.AppHostDirectory, args);
var options = command.Options;
ClusterTopology topology = options.Topology;

builder.AddKubernetesChart(topology);
var cluster = builder.AddCluster<Projects.ClusterSetup>("cluster", options);
var backends = builder.AddDeployment<Projects.Backend>("backend-1", topology, cluster);
var loadTest = builder.AddDeployment<Projects.LoadTest>("load-test-1", topology, cluster);
builder.AddDistribution("distribution", options, cluster, backends, loadTest);

return await builder.Build().RunLabAsync();
