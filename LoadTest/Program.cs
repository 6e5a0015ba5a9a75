using System.CommandLine;
using CiliumDebugging.LoadTest.Commands;

var root = new RootCommand("The load test of the lab");
foreach (var command in AttackCommands.Build())
    root.Add(command);
return await AttackCommands.InvokeAsync(root, args);
