using System.CommandLine;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.LoadTest.Pod;
using CiliumDebugging.ServiceDefaults.Processes;

// Without a command the program is a Pod of the lab and waits for orders.
if (args.Length == 0)
    return await Failures.RunProgramAsync(async () =>
    {
        await LoadTestPod.RunAsync(args);
        return 0;
    });

var root = new RootCommand("The load test of the lab. Without a command it runs as a pod and waits for orders.");
foreach (var command in AttackCommands.Build())
    root.Add(command);
return await AttackCommands.InvokeAsync(root, args);
