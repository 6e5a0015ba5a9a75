using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.LoadTest.Commands;

return await AttackCommands.InvokeAsync(CommandLine.Build(), args);
