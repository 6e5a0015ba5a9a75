using CiliumDebugging.AppHost;

var command = LabCommandLine.Parse(args, HostBuild.EmbeddedBecause);
return command.Exit ?? 0;
