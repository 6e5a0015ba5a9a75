using System.CommandLine;
using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.LoadTest.Commands;

var root = new RootCommand("Sets up the clusters of the lab and runs its scenarios.")
{
    UpCommand.Build(),
    KindCommands.Down(),
    KindCommands.Status(),
    KindCommands.Doctor(),
    ManifestsCommand.Build(),
    ScenarioCommand.Build(),
    ClusterCommand.Build(),
    PrometheusTargetsCommand.Build(),
    SimulateCommand.Build(),
    ObserveCommand.Build(),
    PodAttackCommand.Build(),
    CompareCommand.Build(),
    RedactCommand.Build(),
};
return await AttackCommands.InvokeAsync(root, args);
