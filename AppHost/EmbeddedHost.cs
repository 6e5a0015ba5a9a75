using CiliumDebugging.AppHost;
using CiliumDebugging.AppHost.Embedded;

var command = LabCommandLine.Parse(args, HostBuild.EmbeddedBecause);
return command.Exit ?? await EmbeddedLab.RunAsync(command.Options);
