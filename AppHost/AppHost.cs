using CiliumDebugging.AppHost;

var command = LabCommandLine.Parse(args, HostBuild.EmbeddedBecause);
if (command.Exit is { } exit) return exit;

var builder = LabBuilder.Create(command);
var options = command.Options;

builder.AddKubernetesChart(options.Topology);
var cluster = builder.AddCluster("cluster", options);
var backends = builder.AddWorkload<Projects.Backend>("backend-1", options.Topology, cluster);
var loadTest = builder.AddWorkload<Projects.LoadTest>("load-test-1", options.Topology, cluster);
builder.AddDistribution("distribution", options, new Watched(cluster, backends, loadTest));

return await builder.Build().RunLabAsync();
