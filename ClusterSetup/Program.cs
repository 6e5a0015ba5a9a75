using System.CommandLine;
using CiliumDebugging.ClusterSetup.Commands;

var root = new RootCommand("Sets up the clusters of the lab and runs its scenarios.") { UpCommand.Build(), ClusterCommand.Build(), PrometheusTargetsCommand.Build(), SimulateCommand.Build(), ObserveCommand.Build() };
return await root.Parse(args).InvokeAsync();
